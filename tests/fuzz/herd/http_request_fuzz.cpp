#include "herd/http/request.hpp"
#include "herd/http/target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using herd::http::Request;
using herd::http::RequestParser;
using herd::http::Target;
using State = RequestParser::State;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

// Every request that the parser finds in a stream of bytes, as one text. When it refuses what is
// not complete depends on how that came, and is left out.
std::string account(std::string_view text, std::size_t piece) {
    std::string said;
    RequestParser parser;
    Target target;
    std::size_t taken = 0;
    std::size_t received = 0;
    while (received < text.size()) {
        received = std::min(received + piece, text.size());
        State state = State::ready;
        while (state == State::ready && taken < received) {
            const std::string_view bytes = text.substr(taken, received - taken);
            const auto fed = parser.feed(bytes);
            require(fed.consumed <= bytes.size());
            taken += fed.consumed;
            state = fed.state;
            if (state == State::more) (void)parser.take_continue();
            if (state != State::ready) break;
            const Request& request = parser.request();
            require(request.body.size() <= RequestParser::body_size_max);
            require(request.target.size() <= RequestParser::head_size_max);
            target.parse(request.target);
            said.append(target.path()).append(target.find("key").value_or("-"));
            said.append(request.target).append("|").append(request.body).append("|");
            said.append(request.field_mask).append("|").append(request.api_key).append("|");
            said.append(request.keep_alive ? "k\n" : "c\n");
            parser.next();
        }
        if (state == State::refused) {
            require(parser.status() >= 400);
            return said;
        }
    }
    return said;
}

}  // namespace

// The first byte says how large the pieces are in which the rest arrives. What comes of it may not
// depend on that.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] % 64U;
    require(account(text, text.size() + 1) == account(text, piece));
    return 0;
}
