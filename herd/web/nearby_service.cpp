#include "herd/web/nearby_service.hpp"

#include "herd/web/position_json.hpp"
#include "herd/web/question.hpp"
#include "herd/web/refusal.hpp"
#include "protocol/json_text.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/text_writer.hpp"

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

namespace herd::web {

namespace {

constexpr std::uint32_t metre = 1000;  // millimetres

}  // namespace

std::uint64_t NearbyService::memory(const config::Limits& limits) {
    return limits.http_connections * std::uint64_t{sizeof(Pending)} + body_max;
}

reactor::Result<void> NearbyService::open(near::Searches* searches) {
    auto pending = reactor::PageArray<Pending>::map(core_.limits.http_connections);
    auto buffer = reactor::PageArray<char>::map(body_max);
    if (!pending) return std::unexpected(pending.error());
    if (!buffer) return std::unexpected(buffer.error());
    pending_ = std::move(*pending);
    buffer_ = std::move(*buffer);
    searches_ = searches;
    return {};
}

void NearbyService::on_request(http::Connection& connection, const http::Request& request) {
    if (request.method != http::Request::Method::get) {
        return refuse(connection, 405, "GET it", "Allow: GET, HEAD\r\n");
    }
    const auto granted = gate_.admit(connection, request);
    if (!granted) return;
    if (searches_ == nullptr) return refuse(connection, 404, "this server keeps no positions");
    target_.parse(request.target);
    const auto command = protocol::parse_command(line_of_target());
    const auto* const nearby = command ? std::get_if<protocol::Nearby>(&*command) : nullptr;
    // What is no location would be a client's name.
    const bool of_client = target_.find("client").has_value();
    if (nearby == nullptr || of_client == nearby->client.empty()) {
        ++core_.counters.invalid;
        return refuse(connection,
                      400,
                      "it takes client, or latitude and longitude; radius in km, at most 50; and "
                      "bound, at most 1000");
    }
    if (!may_ask(*granted, nearby->client)) {
        ++core_.counters.http_denied;
        return refuse(connection, 403, "the token does not let you ask for this");
    }
    begin(connection, *granted, *nearby);
}

// The question as NEARBY has it; empty, if it cannot be said like that.
std::string_view NearbyService::line_of_target() {
    protocol::TextWriter line({&buffer_[0], buffer_.size()});
    line.put("NEARBY ");
    if (!put_subject(line, target_)) return {};
    for (const std::string_view name : {"radius", "bound"}) {
        line.put(' ');
        line.put(target_.find(name).value_or(""));
    }
    assert(!line.overflowed());
    return line.text();
}

void NearbyService::begin(http::Connection& connection,
                          const access::Grant& granted,
                          const protocol::Nearby& nearby) {
    Pending& pending = pending_[connection.slot()];
    pending = {.grant = granted, .ticket = connection.ticket()};
    near::Wanted wanted{nearby.centre, nearby.radius_mm, nearby.bound, &pending.grant.pattern};
    if (!nearby.client.empty()) {
        const table::Record* const record = core_.table.find(nearby.client);
        if (record == nullptr || core_.expired(record->effective_ns)) {
            return refuse_unknown(connection, intake_.loading());
        }
        wanted.centre = core_.table.place(*record);
    }
    near::Search* const search =
        searches_->begin(wanted, &pending, near::Search::Done::to<&NearbyService::on_found>(*this));
    if (search == nullptr) {
        return refuse(connection, 503, "too many such questions at a time", "Retry-After: 1\r\n");
    }
    ++core_.counters.nearby;
    searches_->wait(*search);
}

void NearbyService::on_gone(http::Connection& connection) {
    searches_->cancel(&pending_[connection.slot()]);
}

void NearbyService::on_found(near::Search& search) {
    const auto& pending = *static_cast<const Pending*>(search.owner());
    // Gone in this very iteration, perhaps: on_gone() comes at its end.
    http::Connection* const connection = server_.find(pending.ticket);
    const std::string_view body = connection == nullptr ? "" : write(search.found());
    searches_->end(search);
    if (connection == nullptr) return;
    connection->answer({.type = http::json_type, .extra = http::no_store, .body = body});
}

std::string_view NearbyService::write(std::span<const geo::Nearest::Found> found) {
    protocol::TextWriter body({&buffer_[0], buffer_.size()});
    body.put(R"({"server":)");
    protocol::put_json_text(body, core_.name);
    if (intake_.loading()) body.put(R"(,"loading":true)");
    body.put(R"(,"clients":[)");
    bool first = true;
    for (const geo::Nearest::Found& each : found) {
        const std::string_view at_line = core_.table.line(core_.table.at(each.slot));
        if (buffer_.size() - body.size() < position_size_max(at_line.size())) break;
        const auto message = protocol::parse_peer_message(at_line);
        const auto* const line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        assert(line != nullptr);
        body.put(std::exchange(first, false) ? R"({"distance":)" : R"(,{"distance":)");
        body.put_decimal(each.distance_mm / metre);
        body.put('.');
        body.put_decimal(each.distance_mm % metre, 3);
        body.put(',');
        put_position_members(body, *line);
        body.put('}');
    }
    body.put("]}\n");
    assert(!body.overflowed());
    return body.text();
}

}  // namespace herd::web
