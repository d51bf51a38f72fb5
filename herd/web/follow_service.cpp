#include "herd/web/follow_service.hpp"

#include "herd/follow/subscription.hpp"
#include "herd/geo/circle.hpp"
#include "herd/web/position_json.hpp"
#include "herd/web/question.hpp"
#include "herd/web/refusal.hpp"
#include "protocol/at_line.hpp"
#include "protocol/follow_line.hpp"
#include "protocol/json_text.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

namespace herd::web {

namespace {

constexpr std::string_view stream_type = "text/event-stream";
constexpr std::string_view stream_extra = "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
// One that is cut off asks again after two seconds. Behind this and the comment stands no blank
// line: it would end an event without data, of which some clients make a message all the same
// (findings/eventsource-comment-is-message.sh).
constexpr std::string_view stream_begin = "retry:2000\n";
// Proxies end a connection on which nothing is said for a minute, some clients of Node.js after 5 s
// (findings/eventsource-five-seconds.sh), and who has left shows only when something is said there.
constexpr std::uint32_t quiet_max_s = 4;
constexpr std::string_view comment = ":\n";

constexpr std::size_t chunk_surplus = 32;  // around a part of an answer
constexpr std::size_t event_surplus = 64;  // around what an event says
constexpr std::size_t line_size_min = 8;   // "GONE 1 a"

// Of so many bytes of lines.
constexpr std::size_t events_size_max(std::size_t size) {
    return position_size_max(size) + (size / line_size_min + 1) * event_surplus;
}

std::size_t lines_size(const config::Limits& limits) {
    return follow::Subscription::farewells_max + limits.line_max + protocol::at_line_surplus;
}

// What stands before the first blank, which goes with it.
std::string_view take_word(std::string_view& line) {
    const std::size_t size = line.find(' ');
    const std::string_view word = line.substr(0, size);
    line.remove_prefix(size == std::string_view::npos ? line.size() : size + 1);
    return word;
}

}  // namespace

std::uint64_t FollowService::memory(const config::Limits& limits) {
    return limits.http_connections * std::uint64_t{sizeof(Follower)} + lines_size(limits) +
           events_size_max(lines_size(limits));
}

reactor::Result<void> FollowService::open(follow::Switchboard* switchboard) {
    auto followers = reactor::PageArray<Follower>::map(core_.limits.http_connections);
    auto lines = reactor::PageArray<char>::map(lines_size(core_.limits));
    auto events = reactor::PageArray<char>::map(events_size_max(lines_size(core_.limits)));
    if (!followers) return std::unexpected(followers.error());
    if (!lines) return std::unexpected(lines.error());
    if (!events) return std::unexpected(events.error());
    followers_ = std::move(*followers);
    lines_ = std::move(*lines);
    events_ = std::move(*events);
    if (switchboard == nullptr || streams_max(core_.limits) == 0) return {};
    switchboard_ = switchboard;
    switchboard->serve(*this);
    return {};
}

void FollowService::on_request(http::Connection& connection, const http::Request& request) {
    if (request.method != http::Request::Method::get) {
        return refuse(connection, 405, "GET it", "Allow: GET, HEAD\r\n");
    }
    const auto granted = gate_.admit(connection, request);
    if (!granted) return;
    if (switchboard_ == nullptr) return refuse(connection, 404, "nobody can be followed here");
    target_.parse(request.target);
    const auto command = protocol::parse_command(line_of_target());
    const auto* const wanted = command ? std::get_if<protocol::Follow>(&*command) : nullptr;
    if (wanted == nullptr || target_.find("client").has_value() == wanted->client.empty()) {
        ++core_.counters.invalid;
        return refuse(connection,
                      400,
                      "it takes client, or latitude and longitude, and radius in km, at most 50");
    }
    if (!may_ask(*granted, wanted->client)) {
        ++core_.counters.http_denied;
        return refuse(connection, 403, "the token does not let you ask for this");
    }
    begin(connection, *granted, *wanted);
}

// The question as FOLLOW has it; empty, if it cannot be said like that.
std::string_view FollowService::line_of_target() {
    protocol::TextWriter line({&lines_[0], lines_.size()});
    line.put("FOLLOW ");
    if (!put_subject(line, target_)) return {};
    if (!target_.find("client")) {
        line.put(' ');
        line.put(target_.find("radius").value_or(""));
    }
    return line.overflowed() ? std::string_view() : line.text();
}

void FollowService::begin(http::Connection& connection,
                          const access::Grant& granted,
                          const protocol::Follow& wanted) {
    const std::uint32_t slot = connection.slot();
    const std::uint32_t session = session_of(slot);
    std::optional<std::uint16_t> number;
    if (streams_ < streams_max(core_.limits)) {
        const double radius_m = static_cast<double>(wanted.radius_mm) / 1000;
        number = wanted.client.empty()
                     ? switchboard_->follow(
                           session, geo::Circle(protocol::degrees_of(wanted.centre), radius_m))
                     : switchboard_->follow(session, wanted.client);
    }
    if (!number) {
        ++core_.counters.follows_refused;
        return refuse(connection, 503, "too many follow already", "Retry-After: 2\r\n");
    }
    ++core_.counters.follows;
    ++streams_;
    followers_[slot] = {.connection = &connection, .grant = granted};
    const bool goes_on =
        connection.start({.type = stream_type, .extra = stream_extra, .body = stream_begin});
    if (!goes_on) return end(slot);
    std::string_view begun =
        protocol::format_follow({&lines_[0], lines_.size()}, core_.name, *number);
    commit(session, begun);
}

void FollowService::end(std::uint32_t slot) {
    assert(followers_[slot].connection != nullptr);
    switchboard_->forget(session_of(slot));
    followers_[slot].connection = nullptr;
    --streams_;
}

void FollowService::on_drained(http::Connection& connection) {
    const std::uint32_t slot = connection.slot();
    if (followers_[slot].connection != nullptr) switchboard_->resume(session_of(slot));
}

void FollowService::on_gone(http::Connection& connection) {
    if (followers_[connection.slot()].connection != nullptr) end(connection.slot());
}

std::uint32_t FollowService::revoke() {
    std::uint32_t ended = 0;
    for (std::uint32_t slot = 0; streams_ > 0 && slot < followers_.size(); ++slot) {
        http::Connection* const connection = followers_[slot].connection;
        if (connection == nullptr || gate_.stands(followers_[slot].grant)) continue;
        end(slot);
        connection->end();
        ++ended;
    }
    return ended;
}

// One whose token expires asks again, and is told that it has.
void FollowService::tick() {
    if (streams_ == 0) return;
    const bool quiet = ++quiet_s_ >= quiet_max_s;
    if (quiet) quiet_s_ = 0;
    for (std::uint32_t slot = 0; slot < followers_.size(); ++slot) {
        http::Connection* const connection = followers_[slot].connection;
        if (connection == nullptr) continue;
        if (!gate_.stands(followers_[slot].grant)) {
            end(slot);
            connection->end();
        } else if (quiet && flow(session_of(slot), comment.size()) == Flow::open) {
            connection->send(comment);
        }
    }
}

follow::Outlet::Flow FollowService::flow(std::uint32_t session, std::size_t size) const {
    http::Connection* const connection = follower(session).connection;
    assert(connection != nullptr);
    reactor::Stream& stream = connection->stream();
    if (stream.dead() || stream.finishing() || stream.blocked()) return Flow::blocked;
    return stream.room() < events_size_max(size) + chunk_surplus ? Flow::full : Flow::open;
}

std::span<char> FollowService::reserve(std::uint32_t, std::size_t size) {
    assert(size <= lines_.size());
    return {&lines_[0], size};
}

void FollowService::commit(std::uint32_t session, std::string_view lines) {
    protocol::TextWriter out({&events_[0], events_.size()});
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        assert(end != std::string_view::npos);
        put_event(out, lines.substr(0, end));
        lines.remove_prefix(end + 1);
    }
    assert(!out.overflowed());
    follower(session).connection->send(out.text());
}

// Of a line as follow_line.hpp has them.
void FollowService::put_event(protocol::TextWriter& out, std::string_view line) const {
    const std::string_view kind = take_word(line);
    if (kind == "FOLLOW") {
        out.put("event:follow\ndata:{\"server\":");
        protocol::put_json_text(out, core_.name);
    } else if (kind == "NOW") {
        take_word(line);
        const auto message = protocol::parse_peer_message(line);
        const auto* const at_line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        assert(at_line != nullptr);
        out.put("event:now\ndata:{");
        put_position_members(out, *at_line);
    } else {
        assert(kind == "GONE");
        take_word(line);
        out.put("event:gone\ndata:{\"client\":");
        protocol::put_json_text(out, line);
    }
    out.put("}\n\n");
}

bool FollowService::may_hear(std::uint32_t session, std::string_view client) const {
    return may_hear(session) && follower(session).grant.pattern.covers(client);
}

bool FollowService::may_hear(std::uint32_t session) const {
    return gate_.stands(follower(session).grant);
}

void FollowService::check() const {
    std::uint32_t counted = 0;
    for (std::uint32_t slot = 0; slot < followers_.size(); ++slot) {
        if (followers_[slot].connection == nullptr) continue;
        ++counted;
        assert(switchboard_->follows(session_of(slot)));
    }
    assert(counted == streams_);
}

}  // namespace herd::web
