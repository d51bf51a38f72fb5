#include "herd/phones/phone_service.hpp"

#include "herd/http/target.hpp"
#include "herd/watch/status.hpp"
#include "herd/web/refusal.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <utility>

namespace herd::phones {

namespace {

constexpr std::size_t password_size_max = 512;

// The page runs nothing and loads nothing, nobody may show it within his own, and where it leads
// nobody is told where it was: that has the token in it.
constexpr std::string_view page_extra =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";

// A phone may be called that, but says something when it asks.
bool wants_page(const Way& way, const http::Request& request) {
    return way.device == "check" && way.shape == Shape::plain && !request.has_body &&
           request.method == http::Request::Method::get &&
           request.target.find('?') == std::string_view::npos;
}

// "Basic TOKEN:", as Overland says it, which does not encode it.
std::string_view bare_token(const http::Request& request) {
    constexpr std::string_view scheme = "Basic ";
    std::string_view said = request.field("Authorization");
    if (!said.starts_with(scheme) || !said.ends_with(':')) return {};
    said.remove_prefix(scheme.size());
    return said.substr(0, said.size() - 1);
}

}  // namespace

std::uint64_t PhoneService::memory(const config::Limits& limits) {
    return limits.phone_connections * (sizeof(void*) + reactor::Slab<Visit>::slot_size) +
           Notebook::memory();
}

reactor::Result<void> PhoneService::map(const config::Limits& limits) {
    auto of_slot = reactor::PageArray<Visit*>::map(limits.phone_connections);
    if (!of_slot) return std::unexpected(of_slot.error());
    of_slot_ = std::move(*of_slot);
    if (auto mapped = reception_.notebook.map(); !mapped) return mapped;
    return visits_.map(limits.phone_connections);
}

void PhoneService::on_request(http::Connection& connection, const http::Request& request) {
    if (request.method == http::Request::Method::other) {
        return web::refuse(connection, 405, "GET or POST it", "Allow: GET, HEAD, POST\r\n");
    }
    const auto way = way_of(request.path());
    if (!way) return web::refuse(connection, 404, "phones have no such path here (docs/phones.md)");
    if (!request.field("Origin").empty()) {
        ++reception_.core.counters.phone_denied;
        return web::refuse(connection, 403, "a page in a browser asks, and no phone");
    }
    std::array<char, password_size_max> password{};
    std::string_view token = way->token;
    if (token.empty()) token = web::token_of(request, password);
    if (token.empty()) token = bare_token(request);
    const auto grant = gate_.grant(connection, token);
    if (!grant) return deny(connection, token.empty() ? "no token" : "wrong, or over");
    if (!grant->rights.report) return deny(connection, "may not report");
    const Bearer bearer{.grant = *grant, .token = reception_.notebook.key_of(token)};
    if (wants_page(*way, request)) return show(connection, request, bearer);

    // Escaped, a byte is three; what is longer than that is too long in any case.
    std::array<char, 3 * Name::size_max + 3> device{};
    const std::string_view sent = way->device.substr(0, device.size());
    Visit* const visit = visits_.emplace(
        reception_, connection, bearer, way->shape, http::decode_path(device, sent), request);
    assert(visit != nullptr);
    assert(of_slot_[connection.slot()] == nullptr);
    of_slot_[connection.slot()] = visit;
    if (!request.has_body) finish(connection);
}

// Without tokens anybody could guess what somebody else has typed in the place of one: so then it
// is for this machine only.
void PhoneService::show(http::Connection& connection,
                        const http::Request& request,
                        const Bearer& bearer) {
    const bool stranger = gate_.audience(connection) == watch::Audience::stranger;
    if (stranger || !gate_.knows_host(request)) {
        ++reception_.core.counters.phone_denied;
        return web::refuse(connection, 403, "without access.secret_file, for this machine only");
    }
    connection.answer(
        {.type = http::html_type,
         .extra = page_extra,
         .body = page_.write(
             reception_.notebook.lines(bearer.token), bearer.grant, reactor::sys::wall_ns())});
}

void PhoneService::deny(http::Connection& connection, std::string_view why) {
    ++reception_.core.counters.phone_denied;
    std::array<char, reactor::address_text_size_max> text{};
    const auto from = reactor::sys::peer_address(connection.stream().socket().fd());
    reception_.core.log.event(Level::warning, "phone_denied")
        .field("from", from ? from->text(text) : "nowhere")
        .field("why", why);
    web::refuse(connection,
                401,
                "a token is missing, wrong or over, or may not report",
                web::Gate::for_browsers);
}

void PhoneService::on_body(http::Connection& connection, std::string_view part, bool last) {
    Visit* const visit = of_slot_[connection.slot()];
    assert(visit != nullptr);
    if (!gate_.stands(visit->grant())) {  // It was, when the head came.
        release(connection);
        return deny(connection, "over");
    }
    visit->take(part);
    if (last) finish(connection);
}

void PhoneService::on_gone(http::Connection& connection) {
    release(connection);
}

void PhoneService::finish(http::Connection& connection) {
    of_slot_[connection.slot()]->finish();
    release(connection);
}

void PhoneService::release(const http::Connection& connection) {
    Visit* const visit = std::exchange(of_slot_[connection.slot()], nullptr);
    if (visit != nullptr) visits_.release(*visit);
}

}  // namespace herd::phones
