#include "herd/links/peer_session.hpp"

#include "herd/table/rules.hpp"
#include "herd/watch/status.hpp"
#include "protocol/client_hello.hpp"
#include "reactor/lines.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <variant>

namespace herd::links {

namespace {

// No feed changes faster than once in a nanosecond. What it had done while its HELLO was on its way
// comes on top of that.
constexpr std::uint64_t changes_on_the_way_max = std::uint64_t{1} << 36;

}  // namespace

PeerSession::PeerSession(Core& core, Host& host, table::MessageBatch& messages, From from)
    : core_(core), host_(host), messages_(messages), stream_(core.wire, *this), from_(from) {}

reactor::Result<void> PeerSession::open(reactor::Socket socket, reactor::SealPtr seal) {
    assert(claimed_ == nullptr);
    assert(!legacy_);
    opened_at_ = heard_at_ = core_.loop.now();
    return stream_.open(std::move(socket), std::move(seal));
}

void PeerSession::tick() {
    assert(core_.loop.now() >= heard_at_);
    tell_divergence();
    if (stream_.dead()) return;
    if (claimed() != nullptr && !stream_.finishing() &&
        core_.loop.now() - greeted_at_ >= claim_max) {
        return refuse(505, "this server does not find you at that neighbour's address");
    }
    const bool silent = stranger() && claimed_ == nullptr && !expected() && !stream_.finishing();
    if (core_.loop.now() - heard_at_ <= (silent ? first_line_max : silence_max)) {
        const bool owes = neighbour_ != nullptr && unanswered_;
        if (owes && !stream_.finishing()) say(protocol::Ack{come_to_.seq});
        return;
    }
    if (legacy_ && !stream_.finishing()) {
        if (core_.loop.now() - heard_at_ > legacy_idle_max) make_room();
        return;
    }
    ++core_.counters.links_silent;
    stream_.abort();
}

std::optional<reactor::Instant> PeerSession::legacy_silent_since() const {
    if (!legacy_ || stream_.dead() || stream_.finishing()) return std::nullopt;
    return heard_at_;
}

// Who has said all; then who does not even say that it is a neighbour.
bool PeerSession::leaves_before(const PeerSession& other) const {
    assert(from_legacy());
    assert(other.from_legacy());
    if (stream_.finishing() != other.stream_.finishing()) return stream_.finishing();
    if ((claimed_ == nullptr) != (other.claimed_ == nullptr)) return claimed_ == nullptr;
    return heard_at_ < other.heard_at_;
}

reactor::Instant PeerSession::leaves_at() const {
    return stream_.finishing() ? heard_at_ : heard_at_ + legacy_time_min;
}

void PeerSession::leave() {
    assert(from_legacy());
    ++core_.counters.legacy_closed;
    stream_.abort();
}

void PeerSession::make_room() {
    assert(legacy_);
    ++core_.counters.legacy_closed;
    stream_.finish();
}

std::size_t PeerSession::on_input(std::string_view bytes, std::size_t seen, bool ended) {
    assert(!stream_.dead());
    // A stranger has until its first line, however slowly it sends it.
    if (neighbour_ != nullptr || legacy_) heard_at_ = core_.loop.now();
    unanswered_ = true;
    if (neighbour_ == nullptr && !stream_.sealed() && protocol::begins_client_hello(bytes)) {
        refuse(507, "TLS is not spoken here");
        return bytes.size();
    }
    const std::size_t taken = read_lines(bytes, seen);
    answer();
    const std::string_view rest = bytes.substr(taken);
    if (!stream_.listens()) return taken;
    if (rest.size() > core_.table.line_size_max() + protocol::peer_message_size_max) reject_line();
    if (ended && stream_.listens()) on_end(rest);
    return taken;
}

// Returns how many bytes were taken as lines.
std::size_t PeerSession::read_lines(std::string_view bytes, std::size_t seen) {
    reactor::Lines lines(bytes, seen);
    while (true) {
        const auto batch = messages_.take(lines, core_.table);
        if (batch.empty()) return lines.taken();
        for (const Line& line : batch) {
            on_line(line);
            if (!stream_.listens()) return line.end;
        }
    }
}

// The last SEQ, SWP and PING of what has come at once are answered, for all of them: so what waits
// for a neighbour that asks much and reads nothing is three lines.
void PeerSession::answer() {
    if (std::exchange(ack_due_, false)) say(protocol::Ack{come_to_.seq});
    const bool sweeps = come_to_.sweep_target != 0;
    if (std::exchange(sweep_due_, false) && sweeps) {
        say(protocol::Sweep{come_to_.sweep_target, come_to_.sweep_slot});
    }
    if (std::exchange(pong_due_, false)) say(protocol::Pong{token_});
}

// What stands behind a neighbour's last newline is dropped: a report cut short may still read as a
// valid, older one. An old server's message ends like that.
void PeerSession::on_end(std::string_view rest) {
    assert(stream_.listens());
    if (!rest.empty() && claimed_ == nullptr && is_legacy()) {
        Line last;
        last.read(reactor::Lines::trim(rest), core_.table);
        on_line(last);
    }
    stream_.finish();
}

bool PeerSession::is_legacy() {
    if (legacy_) return true;
    if (stream_.sealed()) return false;
    const auto from = reactor::sys::peer_address(stream_.socket().fd());
    return from && host_.is_legacy(*from);
}

void PeerSession::on_line(const Line& line) {
    if (core_.log.wire()) core_.log.wire_event("peer_in", line.text);
    if (!line.message) return reject_line();
    const protocol::PeerMessage& message = *line.message;
    const auto* at = std::get_if<protocol::AtLine>(&message);
    if (neighbour_ == nullptr && !allows(message)) return reject_line();
    if (at != nullptr) return on_record(*at, line.key);
    std::visit([this](const auto& what) { on_message(what); }, message);
}

// Of who is not a neighbour.
bool PeerSession::allows(const protocol::PeerMessage& message) {
    assert(neighbour_ == nullptr);
    const bool at = std::holds_alternative<protocol::AtLine>(message);
    const bool cookie = std::holds_alternative<protocol::Cookie>(message);
    if (claimed_ != nullptr) return cookie;
    if (at && !legacy_ && is_legacy()) {
        legacy_ = true;
        heard_at_ = core_.loop.now();
        stream_.privilege();
        host_.on_legacy();
    }
    if (legacy_) return at;
    return std::holds_alternative<protocol::Hello>(message) ||
           std::holds_alternative<protocol::StatusRequest>(message);
}

void PeerSession::on_message(const protocol::Hello& hello) {
    if (claimed_ != nullptr) return reject_line();
    assert(!legacy_);
    if (hello.version != protocol::peer_version) return refuse(502, "protocol version 1 only");
    const bool plain_counts = core_.sealing == nullptr || core_.sealing->plain_peers;
    if (!stream_.sealed() && !plain_counts) return refuse(506, "TLS is spoken here");
    if (stream_.sealed() && !stream_.proves(hello.name)) {
        return refuse(506, "that is not the name of your certificate");
    }
    const auto claimed = host_.claim(hello);
    if (!claimed) return refuse(claimed.error().code, claimed.error().text);
    assert(*claimed != nullptr);
    claimed_ = *claimed;
    said_ = {hello.epoch, hello.seq, hello.cookie};
    greeted_at_ = core_.loop.now();
    on_message(protocol::Cookie{hello.shown});
}

// A wrong one is what a stranger who came to the neighbour has made it show.
void PeerSession::on_message(const protocol::Cookie& cookie) {
    assert(claimed_ != nullptr);
    if (neighbour_ == nullptr && table::rules::proven(cookie.shown, claimed_->cookie())) {
        become_neighbour();
    }
}

void PeerSession::become_neighbour() {
    assert(neighbour_ == nullptr);
    const auto admitted = host_.admit(*this, *claimed_, said_.epoch);
    if (!admitted) return refuse(admitted.error().code, admitted.error().text);
    neighbour_ = claimed_;
    stream_.privilege();
    heard_at_ = core_.loop.now();
    incarnation_ = neighbour_->incarnation(said_.epoch);
    neighbour_->proven = said_.cookie;
    neighbour_->received = table::rules::granted(neighbour_->received, said_.epoch, said_.seq);
    const table::rules::Position& granted = neighbour_->received;
    core_.log.event(Level::info, "neighbour_connected")
        .field("neighbour", neighbour_->name())
        .field("from", granted.seq)
        .field("to", said_.seq);
    say(protocol::Welcome{protocol::peer_version,
                          core_.name,
                          core_.epoch,
                          granted.epoch,
                          granted.seq,
                          granted.sweep_target,
                          granted.sweep_slot,
                          reactor::sys::wall_ns()});
}

void PeerSession::on_record(const protocol::AtLine& line, table::LocationTable::Key key) {
    // A neighbour may still have reports of a server that is no more; an old one shows nothing but
    // its address.
    if (legacy_ && !host_.is_server(line.server)) {
        ++core_.counters.legacy_unknown;
        return;
    }
    if (core_.too_far_ahead(line.skew_ns, line.time.nanoseconds)) {
        ++core_.counters.future_stamps;
        return;
    }
    if (core_.expired(line)) {
        ++core_.counters.expired_stamps;
        return;
    }
    switch (core_.table.relay(line, key, incarnation_)) {
        case table::Stored::stored:
            ++core_.counters.relayed;
            core_.wire.post_flush();
            break;
        case table::Stored::not_newer:
            ++core_.counters.duplicates;
            // An old server takes whatever it is told, also what is older than what it had.
            if (legacy_ && core_.table.repeat(line)) core_.wire.post_flush();
            break;
        case table::Stored::reserved:
            assert(false);  // Only of clients' own reports.
            break;
        case table::Stored::table_full:
            ++core_.counters.table_full;
            break;
        case table::Stored::no_long_line:
            ++core_.counters.long_records_full;
            break;
    }
}

// Whether the neighbour's feed can have come to that number by now.
bool PeerSession::can_have_come_to(std::uint64_t seq) const {
    const auto passed = static_cast<std::uint64_t>((core_.loop.now() - greeted_at_).count());
    return seq <= said_.seq || seq - said_.seq <= passed + changes_on_the_way_max;
}

void PeerSession::on_message(const protocol::Seq& seq) {
    assert(neighbour_ != nullptr);
    if (!can_have_come_to(seq.seq)) return reject_line();
    for (table::rules::Position* const each : {&neighbour_->received, &come_to_}) {
        each->seq = std::max(each->seq, seq.seq);
        if (each->seq >= each->sweep_target) each->sweep_target = each->sweep_slot = 0;
    }
    ack_due_ = true;
}

void PeerSession::on_message(const protocol::DigestPart& part) {
    assert(neighbour_ != nullptr);
    constexpr std::uint32_t size = Comparison::buckets_per_line;
    if (part.first % size != 0 || part.first / size >= Comparison::lines) return reject_line();
    if (!neighbour_->comparison.admits(part.first / size, core_.loop.now())) return;
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t bucket = part.first + i;
        const std::uint64_t ours = core_.table.digest().bucket(bucket);
        if (!neighbour_->comparison.diverges(bucket, ours, part.hashes[i])) continue;
        ++divergent_;
        host_.on_divergence(bucket);
    }
}

void PeerSession::tell_divergence() {
    const std::uint32_t buckets = std::exchange(divergent_, 0);
    if (buckets == 0) return;
    assert(neighbour_ != nullptr);
    core_.counters.buckets_divergent += buckets;
    neighbour_->divergences += buckets;
    core_.log.event(Level::warning, "divergence")
        .field("neighbour", neighbour_->name())
        .field("buckets", std::uint64_t{buckets});
}

void PeerSession::on_message(const protocol::Sweep& sweep) {
    assert(neighbour_ != nullptr);
    if (!can_have_come_to(sweep.target)) return reject_line();
    for (table::rules::Position* const each : {&neighbour_->received, &come_to_}) {
        if (sweep.target <= each->seq) continue;
        each->sweep_target = sweep.target;
        each->sweep_slot = sweep.slot;
    }
    sweep_due_ = true;
}

void PeerSession::on_message(const protocol::Ping& ping) {
    assert(neighbour_ != nullptr);
    token_ = ping.token;
    pong_due_ = true;
}

void PeerSession::on_message(const protocol::StatusRequest&) {
    if (claimed_ != nullptr) return reject_line();
    const std::span<char> out = stream_.reserve(watch::status_size_max + 1);
    const std::size_t size = host_.status(out.first(watch::status_size_max), audience()).size();
    assert(size <= watch::status_size_max);
    out[size] = '\n';
    stream_.commit(size + 1);
    stream_.finish();
}

// Behind a seal is who has a certificate of the herd's authority.
watch::Audience PeerSession::audience() {
    if (stream_.sealed()) return watch::Audience::herd;
    const auto from = reactor::sys::peer_address(stream_.socket().fd());
    return from && from->is_loopback() ? watch::Audience::herd : watch::Audience::stranger;
}

void PeerSession::reject_line() {
    ++core_.counters.peer_lines_bad;
    refuse(501, "not the protocol between servers");
}

void PeerSession::refuse(std::uint32_t code, std::string_view reason) {
    assert(code >= 500 && code < 600);
    assert(!reason.empty());
    if (stream_.dead() || stream_.finishing()) return;
    answer();
    ++core_.counters.peers_refused;
    std::array<char, reactor::address_text_size_max> from{};
    auto event = core_.log.event(Level::warning, "peer_refused");
    event.field("from", peer_text(stream_.socket(), from))
        .field("code", std::uint64_t{code})
        .field("reason", reason);
    if (claimed_ != nullptr) event.field("claims", claimed_->name());
    say(protocol::Refusal{code, reason});
    stream_.finish();
}

void PeerSession::on_seal_broken(std::string_view why) {
    std::array<char, reactor::address_text_size_max> from{};
    core_.log.event(Level::warning, "seal_broken")
        .field("from", peer_text(stream_.socket(), from))
        .field("why", why);
}

void PeerSession::on_closed(reactor::Closed) {
    assert(stream_.dead());
    host_.on_ended(*this);
}

void PeerSession::check() const {
    stream_.check();
    assert(claimed_ == nullptr || !legacy_);
    assert(neighbour_ == nullptr || neighbour_ == claimed_);
    assert((neighbour_ != nullptr) == (incarnation_ != 0));
    assert(!ack_due_);
    assert(!sweep_due_);
    assert(!pong_due_);
    assert(neighbour_ != nullptr || come_to_.seq == 0);
    assert(come_to_.sweep_target == 0 || come_to_.sweep_target > come_to_.seq);
    assert(neighbour_ != nullptr || divergent_ == 0);
}

template <class Message>
void PeerSession::say(const Message& message) {
    std::array<char, protocol::peer_line_size_max> out{};
    unanswered_ = false;
    stream_.send(protocol::format_line(out, message));
}

}  // namespace herd::links
