#include "herd/web/report_service.hpp"

#include "herd/web/position_json.hpp"
#include "herd/web/refusal.hpp"
#include "herd/web/report_json.hpp"
#include "protocol/malformed.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/lines.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

namespace herd::web {

namespace {

constexpr std::string_view json_begins = "application/json";

// What is wrong with a line that is no report, for people.
std::string_view clause(std::string_view line, protocol::Malformed why) {
    switch (why) {
        case protocol::Malformed::unknown_command:
            return line.starts_with('{') ? "JSON wants Content-Type: application/json"
                                         : "it must begin with IAMAT";
        case protocol::Malformed::operand_count:
            return "IAMAT wants client, location and time, and nothing else";
        case protocol::Malformed::location:
            return "the location must be degrees of latitude and longitude, such as "
                   "+34.068930-118.445127";
        case protocol::Malformed::time:
            return "the time must be seconds since 1970, such as 1520023934.918963997";
        case protocol::Malformed::radius:
        case protocol::Malformed::bound:
        case protocol::Malformed::name:
        case protocol::Malformed::skew:
        case protocol::Malformed::number:
            return "it must be IAMAT client location time, or that as JSON";
    }
    std::unreachable();
}

}  // namespace

ReportService::ReportService(Core& core, Gate& gate, intake::Intake& intake)
    : core_(core), gate_(gate), intake_(intake) {}

// What a line may have, and what JSON has around that.
std::size_t ReportService::body_max(const config::Limits& limits) {
    return limits.line_max + line_of_json_surplus;
}

std::uint64_t ReportService::memory(const config::Limits& limits) {
    const std::uint64_t line = limits.line_max + std::uint64_t{protocol::at_line_surplus};
    return limits.http_connections * (sizeof(Pending) + body_max(limits) + json_body_padding) +
           limits.line_max + line + position_size_max(line);
}

reactor::Result<void> ReportService::map() {
    const config::Limits& limits = core_.limits;
    const std::size_t at_line_max = limits.line_max + protocol::at_line_surplus;
    auto pending = reactor::PageArray<Pending>::map(limits.http_connections);
    auto bodies = reactor::PageArray<char>::map(limits.http_connections *
                                                (body_max(limits) + json_body_padding));
    auto line = reactor::PageArray<char>::map(limits.line_max);
    auto answer = reactor::PageArray<char>::map(at_line_max + position_size_max(at_line_max));
    if (!pending) return std::unexpected(pending.error());
    if (!bodies) return std::unexpected(bodies.error());
    if (!line) return std::unexpected(line.error());
    if (!answer) return std::unexpected(answer.error());
    pending_ = std::move(*pending);
    bodies_ = std::move(*bodies);
    line_ = std::move(*line);
    answer_ = std::move(*answer);
    return {};
}

std::span<char> ReportService::body_of(const http::Connection& connection) {
    const std::size_t size = body_max(core_.limits);
    return {&bodies_[connection.slot() * (size + json_body_padding)], size};
}

void ReportService::on_request(http::Connection& connection, const http::Request& request) {
    if (request.method != http::Request::Method::post) {
        return refuse(connection, 405, "POST it", "Allow: POST\r\n");
    }
    const auto granted = gate_.admit(connection, request);
    if (!granted) return;
    if (!request.has_body) return refuse(connection, 400, "a report is missing");
    const std::string_view type = request.field("Content-Type");
    const bool json = type.size() >= json_begins.size() &&
                      http::same_name(type.substr(0, json_begins.size()), json_begins);
    pending_[connection.slot()] = {.grant = *granted, .json = json};
}

void ReportService::on_body(http::Connection& connection, std::string_view part, bool last) {
    Pending& pending = pending_[connection.slot()];
    const std::span<char> body = body_of(connection);
    if (part.size() > body.size() - pending.size) {
        ++core_.counters.lines_too_long;
        return refuse(
            connection, 413, "a report is no longer than a line may be (limits.line_max)");
    }
    std::ranges::copy(part, body.data() + pending.size);
    pending.size += static_cast<std::uint32_t>(part.size());
    if (last) take(connection, pending, body.first(pending.size));
}

void ReportService::take(http::Connection& connection,
                         const Pending& pending,
                         std::span<char> body) {
    if (!gate_.stands(pending.grant)) {  // It was, when the head came.
        ++core_.counters.http_denied;
        return refuse(connection, 401, "the token is over", Gate::for_programs);
    }
    if (closed_) return refuse(connection, 503, "the server shuts down", "Retry-After: 1\r\n");
    const std::int64_t now_ns = reactor::sys::wall_ns();
    std::string_view text = reactor::Lines::trim({body.data(), body.size()});
    if (text.ends_with('\n')) text = reactor::Lines::trim(text.substr(0, text.size() - 1));
    if (pending.json) {
        const auto made = line_of_json(body, now_ns, {&line_[0], line_.size()});
        if (!made) {
            ++core_.counters.invalid;
            return refuse(connection, 400, made.error());
        }
        text = *made;
    }
    if (text.size() > core_.limits.line_max) {
        ++core_.counters.lines_too_long;
        return refuse(connection, 413, "it is longer than a line may be");
    }
    Line line;
    line.read(text, core_.table);
    const auto* const report =
        line.message ? std::get_if<protocol::IamAt>(&*line.message) : nullptr;
    if (report == nullptr) {
        ++core_.counters.invalid;
        const auto why = line.message ? protocol::Malformed::name : line.message.error();
        return refuse(connection, 400, clause(text, why));
    }
    if (!pending.grant.allows(report->client, access::Right::report)) {
        ++core_.counters.http_denied;
        return refuse(connection, 403, "the token does not let you report this client");
    }
    const auto from = [&] { return reactor::sys::peer_address(connection.stream().socket().fd()); };
    const std::span<char> out(&answer_[0], intake_.answer_size_max(*report));
    const auto taken = intake_.take(out, *report, line.key, now_ns, from);
    if (taken.refused()) return refuse_fate(connection, taken.fate);
    intake_.hold_answer(connection.stream());
    answer(connection, taken.answer, pending.json);
}

void ReportService::answer(http::Connection& connection, std::string_view at_line, bool json) {
    const std::span<char> rest(&answer_[at_line.size()], answer_.size() - at_line.size());
    protocol::TextWriter body(rest);
    if (json) {
        const auto message = protocol::parse_peer_message(at_line);
        const auto* const line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        assert(line != nullptr);
        put_position(body, at_line, *line);
    } else {
        body.put(at_line);
    }
    body.put('\n');
    assert(!body.overflowed());
    connection.answer({.type = json ? http::json_type : http::text_type,
                       .extra = http::no_store,
                       .body = body.text()});
}

void ReportService::refuse_fate(http::Connection& connection, intake::Fate fate) {
    using Fate = intake::Fate;
    const std::string_view why = intake::to_text(fate);
    switch (fate) {
        case Fate::kept:
        case Fate::older:
            assert(false);
            break;
        case Fate::remote:
        case Fate::ahead:
        case Fate::expired:
            return refuse(connection, 422, why);
        case Fate::crowded:
            return refuse(connection, 429, why, "Retry-After: 1\r\n");
        case Fate::full:
        case Fate::no_long_line:
            return refuse(connection, 507, why);
    }
}

}  // namespace herd::web
