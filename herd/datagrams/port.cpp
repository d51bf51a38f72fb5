#include "herd/datagrams/port.hpp"

#include "herd/access/grant.hpp"
#include "herd/access/token.hpp"
#include "herd/config/text.hpp"
#include "protocol/at_line.hpp"
#include "reactor/lines.hpp"

#include <array>
#include <cassert>
#include <utility>
#include <variant>

namespace herd::datagrams {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// A report, and what may stand before it.
struct Content {
    std::string_view introduction, report;
};

// Of one line, or of two with an AUTH first; anything else has no report.
Content split(std::string_view bytes) {
    reactor::Lines lines(bytes);
    const auto first = lines.take();
    if (!first) return {{}, bytes};
    if (lines.rest().empty()) return {{}, *first};
    if (!first->starts_with("AUTH ")) return {};
    const auto second = lines.take();
    if (!second) return {*first, lines.rest()};
    return lines.rest().empty() ? Content{*first, *second} : Content{};
}

}  // namespace

Port::Port(Core& core, intake::Intake& intake)
    : core_(core),
      intake_(intake),
      quota_(core.limits.datagrams_per_s),
      datagrams_(core.loop, size_max, reactor::Datagrams::Received::to<&Port::take>(*this)) {}

Outcome<> Port::open(const config::Access& access, const config::Server& self) {
    assert(!secret_);
    if (!self.udp || access.secret_file.empty()) return {};
    auto secret = access::Secret::read(access.secret_file);
    if (!secret) return std::unexpected("access." + secret.error());
    secret_ = std::move(*secret);
    in_the_clear_ = access.in_the_clear;
    return {};
}

Outcome<> Port::listen(const config::Server& self) {
    assert(!address_);
    if (!self.udp) return {};
    const auto listening = datagrams_.open(*self.udp);
    if (!listening) {
        return listen_failure("UDP address " + config::text_of(*self.udp), listening.error());
    }
    address_ = *listening;
    return {};
}

void Port::take(std::span<const reactor::sys::Datagram> batch) {
    const std::int64_t now_ns = reactor::sys::wall_ns();
    std::array<Parcel, reactor::sys::datagrams_max> parcels;
    std::array<std::string_view, reactor::sys::datagrams_max> reports;
    std::size_t size = 0;
    for (const reactor::sys::Datagram& datagram : batch) {
        if (!admit(datagram)) continue;
        const Content content = split(datagram.bytes);
        parcels[size] = {datagram.from, content.introduction};
        reports[size++] = content.report;
    }
    const auto lines = lines_.take(std::span(reports).first(size), core_.table);
    for (std::size_t i = 0; i < size; ++i) report(parcels[i], lines[i], now_ns);
    // No answer does: the flood goes out, and the journal is written.
    if (size > 0) core_.wire.post_flush();
}

// Before anything is read of it.
bool Port::admit(const reactor::sys::Datagram& datagram) {
    watch::Counters& counters = core_.counters;
    if (!quota_.admits(datagram.from, core_.wire.seconds())) {
        ++counters.datagrams_limited;
        return false;
    }
    if (!datagram.cut) return true;
    ++counters.datagrams_too_long;
    return false;
}

void Port::report(const Parcel& parcel, const Batch::Line& line, std::int64_t now_ns) {
    watch::Counters& counters = core_.counters;
    if (core_.log.wire()) core_.log.wire_event("in", line.text);
    if (line.text.size() > core_.limits.line_max) {
        ++counters.datagrams_too_long;
        return;
    }
    const auto* const iamat = line.message ? std::get_if<protocol::IamAt>(&*line.message) : nullptr;
    if (iamat == nullptr) {
        ++counters.datagrams_malformed;
        return;
    }
    if (secret_ && !allowed(parcel, iamat->client, now_ns)) {
        ++counters.datagrams_denied;
        return;
    }
    std::array<char, size_max + protocol::at_line_surplus> answer;  // NOLINT(*-member-init)
    assert(intake_.answer_size_max(*iamat) <= answer.size());
    const auto from = [&]() -> reactor::Result<reactor::Address> {
        return parcel.from.is_loopback() ? parcel.from : reactor::Address{};
    };
    const auto taken = intake_.take(answer, *iamat, line.key, now_ns, from);
    if (!taken.refused()) ++counters.datagrams;
    if (taken.fate == intake::Fate::remote) ++counters.datagrams_malformed;
}

bool Port::allowed(const Parcel& parcel, std::string_view client, std::int64_t now_ns) {
    const auto command = protocol::parse_command(parcel.introduction);
    const auto* const auth = command ? std::get_if<protocol::Auth>(&*command) : nullptr;
    if (auth == nullptr) return false;
    watch::Counters& counters = core_.counters;
    if (!in_the_clear_ && !parcel.from.is_loopback()) {
        ++counters.tokens_in_the_clear;
        return false;
    }
    const auto granted = access::check(secret_, auth->token, now_ns / second_ns);
    if (!granted) {
        const bool expired = granted.error() == access::Fault::expired;
        ++(expired ? counters.tokens_expired : counters.tokens_wrong);
        return false;
    }
    const auto pattern = access::Pattern::parse(auth->pattern);
    return pattern && granted->pattern.covers(*pattern) && pattern->covers(client) &&
           granted->rights.report;
}

std::uint64_t Port::ignored() const {
    const watch::Counters& counters = core_.counters;
    return counters.datagrams_malformed + counters.datagrams_too_long + counters.datagrams_denied +
           counters.datagrams_limited;
}

// At most one line a second, whatever comes.
void Port::tick() {
    const std::uint64_t all = ignored();
    if (all == told_) return;
    core_.log.event(Level::info, "datagrams_ignored").field("count", all - told_);
    told_ = all;
}

}  // namespace herd::datagrams
