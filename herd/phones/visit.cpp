#include "herd/phones/visit.hpp"

#include "herd/table/line_batch.hpp"
#include "herd/web/refusal.hpp"
#include "protocol/any_time.hpp"
#include "protocol/command.hpp"
#include "protocol/degrees.hpp"
#include "protocol/percent.hpp"
#include "reactor/address.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <variant>

namespace herd::phones {

namespace {

using intake::Fate;

constexpr std::size_t line_size_max = 512;
constexpr std::size_t answer_size_max = 1024;
constexpr std::string_view no_store = "Cache-Control: no-store\r\n";
constexpr std::string_view json_type = "application/json";
constexpr std::string_view blanks = " \t\r\n";

// What became of a message, beside what intake says.
constexpr std::string_view kept = "taken";
constexpr std::string_view no_position = "it is not about where the phone is";
constexpr std::string_view vague = "it may be further off than max_accuracy_m";

// Overland counts from 2001 when it speaks OwnTracks, and from 1970 when it does not. Until 2032
// these can be told apart.
constexpr std::int64_t year_2001_s = 978'307'200;
constexpr std::int64_t overland_end_ns = 1'000'000'000 * second_ns;

std::string_view query_of(const http::Request& request) {
    const std::size_t mark = request.target.find('?');
    return mark == std::string_view::npos ? std::string_view() : request.target.substr(mark + 1);
}

std::string_view body_of(Shape shape) {
    switch (shape) {
        case Shape::plain:
            break;
        case Shape::owntracks:
            return "[]";
        case Shape::overland:
            return R"({"result":"ok"})";
        case Shape::ulogger:
            return R"({"error":false,"trackid":1})";
        case Shape::phonetrack:
            return R"({"done":1})";
    }
    return {};
}

}  // namespace

Visit::Visit(Reception& reception,
             http::Connection& connection,
             const Bearer& bearer,
             Shape shape,
             std::string_view device,
             const http::Request& request)
    : reception_(reception),
      connection_(connection),
      grant_(bearer.grant),
      token_(bearer.token),
      now_ns_(reactor::sys::wall_ns()),
      way_(shape),
      agent_(agent_of(request)) {
    path_device_.offer(device);
    header_user_.offer(request.field("X-Limit-U"));
    header_device_.offer(request.field("X-Limit-D"));
    form_.feed(query_of(request));
    form_.finish();
    form_.begin_body(request.field("Content-Type"));
    header_user_.offer(form_.user_parameter().text(), 1);
    header_device_.offer(form_.device_parameter().text(), 1);
}

Visit::Agent Visit::agent_of(const http::Request& request) {
    const std::string_view agent = request.field("User-Agent");
    const auto begins = [&](std::string_view name) {
        return http::same_name(agent.substr(0, name.size()), name);
    };
    if (begins("Overland/")) return Agent::overland;
    const bool owntracks = begins("OwnTracks/") || begins("Owntracks-Android/");
    return owntracks ? Agent::owntracks : Agent::other;
}

void Visit::take(std::string_view part) {
    if (body_ == Body::none) {
        const std::size_t begin = part.find_first_not_of(blanks);
        if (begin == std::string_view::npos) return;
        part.remove_prefix(begin);
        body_ = part[0] == '{' || part[0] == '[' ? Body::json : Body::form;
    }
    if (body_ == Body::json) {
        json_.feed(part, *this);
    } else {
        form_.feed(part);
    }
}

void Visit::finish() {
    if (body_ == Body::json) {
        json_.finish(*this);
        if (json_.broken()) {
            ignore(reception_.core.counters.phone_bodies_broken, {}, "it is no JSON");
        }
    } else {
        form_.finish();
        form_.tell(*this);
    }
    if (busy_) {
        return web::refuse(connection_, 503, "there is no room now", "Retry-After: 30\r\n");
    }
    if (nameless_) {
        return web::refuse(
            connection_, 400, "a position does not say whose it is (docs/phones.md)");
    }
    if (too_long_) {
        return web::refuse(connection_, 400, "a name is too long (256 bytes)");
    }
    if (took_) reception_.intake.hold_answer(connection_.stream());
    const std::string_view body = answer();
    connection_.answer(
        {.type = body.empty() ? http::text_type : json_type, .extra = no_store, .body = body});
}

std::string_view Visit::answer() {
    const Shape shape = this->shape();
    if (shape != Shape::owntracks || own_ == table::no_record) return body_of(shape);
    const table::LocationTable& table = reception_.core.table;
    // It may be forgotten by now, as a batch may take a while.
    const std::string_view own =
        table.used(own_) ? table.client(table.at(own_)) : std::string_view();
    return reception_.friends.tell(grant_, own);
}

// By what came; where that does not show, by where it came, and then by who sent it.
Shape Visit::shape() const {
    if (way_ == Shape::ulogger || way_ == Shape::phonetrack) return way_;
    const auto dialect = json_.dialect();
    if (dialect == Dialect::overland) return Shape::overland;
    if (dialect == Dialect::owntracks) {
        return agent_ == Agent::overland ? Shape::overland : Shape::owntracks;
    }
    if (way_ != Shape::plain) return way_;
    if (agent_ == Agent::overland) return Shape::overland;
    return agent_ == Agent::owntracks ? Shape::owntracks : Shape::plain;
}

// What is found -----------------------------------------------------------------------------------

void Visit::on_encrypted() {
    ignore(reception_.core.counters.phone_encrypted, {}, "it is encrypted: unset that in the app");
}

void Visit::on_other() {
    ++reception_.core.counters.phone_not_positions;
    note({}, no_position);
}

void Visit::on_sighting(Dialect dialect, const Sighting& sighting, const Sender& sender) {
    watch::Counters& counters = reception_.core.counters;
    const Said& latitude = sighting.latitude();
    const Said& longitude = sighting.longitude();
    if (latitude.is == Said::Is::absent || longitude.is == Said::Is::absent) {
        return on_other();
    }
    std::array<char, client_size_max> buffer{};
    protocol::TextWriter client(buffer);
    const Identity identity = identify(client, dialect, sender);
    if (!sighting.is_somewhere()) {
        return ignore(counters.phone_positions_bad, client.text(), "it is no place on earth");
    }
    const auto time_ns = time_of(dialect, sighting.time());
    if (!time_ns) return ignore(counters.phone_times_bad, client.text(), "its time is none");
    if (*time_ns - now_ns_ > future_max_ns) {
        return ignore(counters.phone_times_bad, client.text(), to_text(Fate::ahead), *time_ns);
    }
    if (is_vague(sighting)) {
        return ignore(counters.phone_vague, client.text(), vague, *time_ns);
    }
    if (identity == Identity::known) return report(client.text(), sighting, *time_ns);
    if (!would_take(dialect, sighting)) {
        return ignore(counters.phone_times_bad, {}, "it is over, or too far ahead");
    }
    const bool missing = identity == Identity::missing;
    (missing ? nameless_ : too_long_) = true;
    ignore(counters.phone_nameless, {}, missing ? "it has no id" : "its id is too long");
}

bool Visit::is_vague(const Sighting& sighting) const {
    const std::uint32_t most = reception_.max_accuracy_m;
    return most != 0 && sighting.accuracy().good() && sighting.accuracy().value > most;
}

bool Visit::would_take(Dialect dialect, const Sighting& sighting) const {
    const auto time_ns = time_of(dialect, sighting.time());
    if (!sighting.is_somewhere() || is_vague(sighting) || !time_ns) return false;
    if (*time_ns - now_ns_ > future_max_ns) return false;
    const Core& core = reception_.core;
    const std::int64_t skew_ns = now_ns_ - *time_ns;
    return !core.too_far_ahead(skew_ns, *time_ns) && !core.expired(*time_ns, skew_ns, now_ns_);
}

// Nothing: it makes no sense. A time that was not said is now.
std::optional<std::int64_t> Visit::time_of(Dialect dialect, const Said& time) const {
    if (time.is == Said::Is::absent) return now_ns_;
    if (!time.good() || time.value <= 0) return std::nullopt;
    const bool since_2001 =
        dialect == Dialect::owntracks && agent_ == Agent::overland && time.value < overland_end_ns;
    return since_2001 ? time.value + year_2001_s * second_ns : time.value;
}

std::string_view Visit::device_of(Dialect dialect, const Sender& sender) const {
    if (!sender.device.empty()) return sender.device;
    const std::string_view path = path_device_.text();
    if (dialect == Dialect::owntracks) {
        if (!header_device_.empty()) return header_device_.text();
        return sender.last.empty() ? path : sender.last;
    }
    if (dialect == Dialect::overland) return sender.last.empty() ? path : sender.last;
    if (!form_.device().empty()) return form_.device().text();
    return path.empty() ? sender.last : path;
}

// With a token that is for some ids only, these begin as it says, whatever the phone says of its
// user; with one for a single id, that is it.
Visit::Identity Visit::identify(protocol::TextWriter& out,
                                Dialect dialect,
                                const Sender& sender) const {
    std::string_view stem = grant_.pattern.text();
    if (!stem.ends_with('*')) {
        out.put(stem);
        return Identity::known;
    }
    stem.remove_suffix(1);
    const std::string_view device = device_of(dialect, sender);
    if (device.empty()) return Identity::missing;
    out.put(stem);
    if (stem.empty() && dialect == Dialect::owntracks) {
        const std::string_view user = sender.user.empty() ? header_user_.text() : sender.user;
        protocol::put_percent(out, user);
        if (!user.empty()) out.put('/');
    }
    protocol::put_percent(out, device);
    const bool cut = sender.too_long || path_device_.too_long() || header_user_.too_long() ||
                     header_device_.too_long() || form_.device().too_long();
    return cut || out.overflowed() ? Identity::too_long : Identity::known;
}

void Visit::report(std::string_view client, const Sighting& sighting, std::int64_t time_ns) {
    Core& core = reception_.core;
    std::array<char, line_size_max> buffer{};
    protocol::TextWriter text(buffer);
    text.put("IAMAT ");
    text.put(client);
    text.put(' ');
    protocol::put_degrees(text, sighting.latitude().value, 2);
    protocol::put_degrees(text, sighting.longitude().value, 3);
    text.put(' ');
    protocol::put_seconds(text, {time_ns});
    assert(!text.overflowed());
    table::LineBatch<protocol::Command, protocol::parse_command>::Line line;
    line.read(text.text(), core.table);
    assert(line.message);
    const auto& report = std::get<protocol::IamAt>(*line.message);
    assert(report.client == client);

    std::array<char, answer_size_max> answer{};
    assert(reception_.intake.answer_size_max(report) <= answer.size());
    const auto from = [&] {
        return reactor::sys::peer_address(connection_.stream().socket().fd());
    };
    const auto taken = reception_.intake.take(answer, report, line.key, now_ns_, from);
    switch (taken.fate) {
        case Fate::kept:
        case Fate::older:
            took_ = true;
            ++core.counters.phone_points;
            if (grant_.rights.friends) own_ = core.table.slot(*core.table.find(client, line.key));
            return note(client, taken.fate == Fate::kept ? kept : to_text(taken.fate), time_ns);
        case Fate::remote:
        case Fate::ahead:
        case Fate::expired:
            return ignore(core.counters.phone_times_bad, client, to_text(taken.fate), time_ns);
        case Fate::crowded:
        case Fate::full:
        case Fate::no_long_line:
            busy_ = true;
            return note(client, to_text(taken.fate), time_ns);
    }
}

// Without an id, by where it came from.
void Visit::ignore(std::uint64_t& counter,
                   std::string_view client,
                   std::string_view why,
                   std::int64_t time_ns) {
    ++counter;
    note(client, why, time_ns);
    Core& core = reception_.core;
    std::array<char, reactor::address_text_size_max> buffer{};
    if (client.empty()) {
        const auto from = reactor::sys::peer_address(connection_.stream().socket().fd());
        if (from) client = from->text(buffer);
        client = client.substr(0, client.rfind(':'));
    }
    if (!reception_.complaints.admit(client, core.wire.seconds())) return;
    core.log.event(Level::info, "phone_ignored").field("client", client).field("why", why);
}

void Visit::note(std::string_view client, std::string_view fate, std::int64_t time_ns) {
    reception_.notebook.note(token_, client, fate, now_ns_, time_ns);
}

}  // namespace herd::phones
