#include "herd/web/client_service.hpp"

#include "herd/web/position_json.hpp"
#include "herd/web/refusal.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/text_writer.hpp"

#include <cassert>
#include <utility>
#include <variant>

namespace herd::web {

namespace {

constexpr std::string_view path_begins = "/client/";

}  // namespace

std::uint64_t ClientService::memory(const config::Limits& limits) {
    return position_size_max(limits.line_max + protocol::at_line_surplus);
}

reactor::Result<void> ClientService::map() {
    auto buffer = reactor::PageArray<char>::map(position_size_max(core_.table.line_size_max()));
    if (!buffer) return std::unexpected(buffer.error());
    buffer_ = std::move(*buffer);
    return {};
}

void ClientService::on_request(http::Connection& connection, const http::Request& request) {
    if (request.method != http::Request::Method::get) {
        return refuse(connection, 405, "GET it", "Allow: GET, HEAD\r\n");
    }
    const auto granted = gate_.admit(connection, request);
    if (!granted) return;
    target_.parse(request.target);
    assert(target_.path().starts_with(path_begins));
    const std::string_view sent = target_.path().substr(path_begins.size());
    // No client is called what is longer.
    const std::span<char> buffer(&buffer_[0], buffer_.size());
    const std::string_view client =
        sent.size() <= buffer.size() ? http::decode_path(buffer, sent) : std::string_view();
    if (!granted->allows(client, access::Right::ask)) {
        ++core_.counters.http_denied;
        return refuse(connection, 403, "the token does not let you ask for this client");
    }
    const table::Record* const record = core_.table.find(client);
    if (record == nullptr || core_.expired(record->effective_ns)) {
        return refuse_unknown(connection, intake_.loading());
    }
    answer(connection, core_.table.line(*record), target_.find("line").has_value());
}

void ClientService::answer(http::Connection& connection, std::string_view at_line, bool as_line) {
    protocol::TextWriter body({&buffer_[0], buffer_.size()});
    if (as_line) {
        body.put(at_line);
    } else {
        const auto message = protocol::parse_peer_message(at_line);
        const auto* const line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        assert(line != nullptr);
        put_position(body, at_line, *line);
    }
    body.put('\n');
    assert(!body.overflowed());
    connection.answer({.type = as_line ? http::text_type : http::json_type,
                       .extra = http::no_store,
                       .body = body.text()});
}

}  // namespace herd::web
