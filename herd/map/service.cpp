#include "herd/map/service.hpp"

#include "herd/map/page.hpp"
#include "herd/web/position_json.hpp"
#include "herd/web/refusal.hpp"
#include "protocol/at_line.hpp"

#include <cassert>
#include <charconv>
#include <utility>

namespace herd::map {

namespace {

// The page runs its own script and asks us, nobody else, and nobody may show it within his own.
constexpr std::string_view packed_page_extra =
    "Content-Encoding: gzip\r\n"
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";
constexpr std::string_view page_extra =
    packed_page_extra.substr(packed_page_extra.find("Cache-Control"));

std::size_t buffer_size(const config::Limits& limits) {
    return 2 * client_size_max(limits.line_max + protocol::at_line_surplus);
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
    Number value{};
    const auto taken = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (taken.ec != std::errc{} || taken.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Service::Service(Core& core, web::Gate& gate, std::span<const config::Server> servers)
    : core_(core), gate_(gate), feed_(core, servers) {}

std::uint64_t Service::memory_max(const config::Limits& limits) {
    return Feed::memory_max(limits) + buffer_size(limits);
}

reactor::Result<void> Service::open() {
    auto buffer = reactor::PageArray<char>::map(buffer_size(core_.limits));
    if (!buffer) return std::unexpected(buffer.error());
    buffer_ = std::move(*buffer);
    finder_.emplace(core_, std::span<char>(&buffer_[0], buffer_.size()));
    on_ = true;
    return feed_.map();
}

void Service::on_request(http::Connection& connection, const http::Request& request) {
    if (!on_) return web::refuse(connection, 404, "this server has no map");
    if (request.method != http::Request::Method::get) {
        return web::refuse(connection, 405, "GET it", "Allow: GET, HEAD\r\n");
    }
    // Where nobody needs a token, it is for this machine only.
    if (gate_.audience(connection) == watch::Audience::stranger) {
        ++core_.counters.http_denied;
        return web::refuse(connection, 403, "without access.secret_file, for this machine only");
    }
    const auto grant = gate_.admit(connection, request, web::Gate::for_browsers);
    if (!grant) return;
    if (!grant->rights.ask) {
        ++core_.counters.http_denied;
        return web::refuse(connection, 403, "the token does not let you ask for clients");
    }
    const std::string_view path = request.path();
    if (path == "/map") return answer_page(connection, request);
    target_.parse(request.target);
    if (path == "/map/events") return show(connection, request, *grant);
    if (path == "/map/client") return tell_client(connection, *grant);
    if (path == "/map/find") return find(connection, *grant);
    web::refuse(connection, 404, "the map has nothing there");
}

void Service::answer_page(http::Connection& connection, const http::Request& request) {
    const bool packed = request.field("Accept-Encoding").find("gzip") != std::string_view::npos;
    connection.answer({.type = http::html_type,
                       .extra = packed ? packed_page_extra : page_extra,
                       .body = packed ? page_gzip() : page()});
}

void Service::show(http::Connection& connection,
                   const http::Request& request,
                   access::Grant grant) {
    const auto side = target_.find("box");
    const auto box = side ? Box::parse(*side) : Box::whole();
    if (!box) return web::refuse(connection, 400, "box is no S,W,N,E in degrees");
    // A browser that comes back by itself says so in a field, a page in its question.
    std::string_view last = request.field("Last-Event-ID");
    if (last.empty()) last = target_.find("last").value_or("");
    feed_.begin(connection,
                {.box = *box,
                 .grant = grant,
                 .follow = target_.find("follow").value_or(""),
                 .page = number<std::uint64_t>(target_.find("page").value_or(""), 16).value_or(0),
                 .last = last});
}

std::optional<std::uint32_t> Service::wanted_slot() const {
    if (const auto name = target_.find("name")) {
        const table::Record* const record = core_.table.find(*name);
        return record == nullptr ? std::nullopt : std::optional(core_.table.slot(*record));
    }
    const auto slot = number<std::uint32_t>(target_.find("slot").value_or(""));
    return slot && *slot < core_.table.slots() && core_.table.used(*slot) ? slot : std::nullopt;
}

// Who may not ask for a client does not learn whether there is one.
void Service::tell_client(http::Connection& connection, const access::Grant& grant) {
    const auto slot = wanted_slot();
    const table::Record* const record = slot ? &core_.table.at(*slot) : nullptr;
    if (record == nullptr || core_.expired(record->effective_ns) ||
        !grant.pattern.covers(core_.table.client(*record))) {
        return web::refuse(connection, 404, "nothing is known of this client", http::no_store);
    }
    protocol::TextWriter body({&buffer_[0], buffer_.size()});
    put_client(body, core_, *slot);
    body.put('\n');
    assert(!body.overflowed());
    connection.answer({.type = http::json_type, .extra = http::no_store, .body = body.text()});
}

void Service::find(http::Connection& connection, const access::Grant& grant) {
    const auto part = target_.find("part");
    if (!part || part->empty() || part->size() > Finder::wanted_max) {
        return web::refuse(connection, 400, "part is what is looked for, of 1 to 64 bytes");
    }
    if (finder_->begin(connection, *part, grant)) return;
    ++core_.counters.map_searches_refused;
    web::refuse(connection, 429, "too many searches wait", "Retry-After: 1\r\n");
}

void Service::on_drained(http::Connection&) {
    if (feed_.size() > 0) feed_.resume();
}

void Service::on_gone(http::Connection& connection) {
    feed_.leave(connection);
    finder_->leave(connection);
}

}  // namespace herd::map
