#include "herd/http/request_parser.hpp"
#include "herd/http/target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace http_request_fuzz {

using herd::http::Request;
using herd::http::RequestParser;
using herd::http::Target;
using Event = RequestParser::Event;

namespace {

constexpr std::uint64_t body_max = 65536;

void require(bool claim) {
    if (!claim) std::abort();
}

void describe(const Request& request, std::string& said) {
    static Target target;
    require(request.target.size() <= RequestParser::head_size_max);
    target.parse(request.target);
    require(target.path() == request.path());
    said.append(target.path()).append(target.find("key").value_or("-"));
    said.append(request.target).append("|").append(request.field("X-Goog-FieldMask"));
    said.append(request.keep_alive ? "|k" : "|c").append(request.head_only ? "h" : "g");
    said.append(request.awaits_continue ? "w|" : "-|");
}

// Every request that the parser finds in a stream of bytes, as one text. When it refuses what is
// not complete depends on how that came, and is left out.
std::string account(std::string_view text, std::size_t piece) {
    std::string said;
    std::string body;
    RequestParser parser(body_max);
    Request request;
    std::size_t taken = 0;
    std::size_t received = 0;
    while (received < text.size()) {
        received = std::min(received + piece, text.size());
        while (taken < received) {
            const std::string_view bytes = text.substr(taken, received - taken);
            const auto fed = parser.feed(bytes, request);
            require(fed.consumed <= bytes.size());
            require(fed.part.size() <= fed.consumed);
            taken += fed.consumed;
            if (fed.event == Event::refused) {
                require(parser.status() >= 400);
                return said;
            }
            if (fed.event == Event::head) describe(request, body);
            body.append(fed.part);
            if (fed.event == Event::more) break;
            if (!parser.whole()) continue;
            require(body.size() <= body_max + std::size_t{3} * RequestParser::head_size_max);
            said.append(body).append("\n");
            body.clear();
            parser.next();
        }
    }
    return said;
}

}  // namespace

// The first byte says how large the pieces are in which the rest arrives. What comes of it may not
// depend on that.
void one_input(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] % 64U;
    require(account(text, text.size() + 1) == account(text, piece));
}

}  // namespace http_request_fuzz
