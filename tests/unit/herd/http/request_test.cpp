#include "herd/http/request.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace request_test {

using namespace herd::http;
using State = herd::http::RequestParser::State;

namespace {

const std::string good =
    "POST /v1/places:searchNearby?a=b HTTP/1.1\r\nHost: h\r\nX-Goog-Api-Key: k\r\n"
    "x-goog-fieldmask: places.id\r\nX-Inject: cut\r\nContent-Type: application/json\r\n"
    "Content-Length: 7\r\n\r\n{\"a\":1}";

// Feeds `text` in pieces of `piece` bytes, as a stream would: what is not consumed comes again.
herd::http::RequestParser::Fed feed(herd::http::RequestParser& parser,
                                    std::string_view text,
                                    std::size_t piece) {
    std::size_t taken = 0;
    std::size_t received = 0;
    while (received < text.size()) {
        received = std::min(received + piece, text.size());
        const auto fed = parser.feed(text.substr(taken, received - taken));
        taken += fed.consumed;
        if (fed.state != State::more) return {taken, fed.state};
    }
    return {taken, State::more};
}

void check_good(const herd::http::Request& request) {
    CHECK(request.method == herd::http::Request::Method::post);
    CHECK(request.target == "/v1/places:searchNearby?a=b");
    CHECK(request.body == "{\"a\":1}");
    CHECK(request.content_type == "application/json");
    CHECK(request.api_key == "k");
    CHECK(request.field_mask == "places.id");
    CHECK(request.inject == "cut");
    CHECK(request.keep_alive);
}

// The status of a refusal; 0 for a request, 1 for more to come.
unsigned status_of(const std::string& text, std::size_t piece = 1 << 20) {
    herd::http::RequestParser parser;
    const auto fed = feed(parser, text, piece);
    if (fed.state == State::refused) return parser.status();
    return fed.state == State::ready ? 0 : 1;
}

// A GET with one more header line, line end included.
std::string with(const std::string& line) {
    return "GET / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n";
}

}  // namespace

TEST_CASE("http request: whole, in pieces of any size, and one behind the other", "[offline]") {
    for (std::size_t piece = 1; piece <= good.size(); ++piece) {
        herd::http::RequestParser parser;
        const auto fed = feed(parser, good, piece);
        REQUIRE(fed.state == State::ready);
        REQUIRE(fed.consumed == good.size());
        check_good(parser.request());
    }
    herd::http::RequestParser parser;
    const std::string three = good + "GET /x HTTP/1.0\r\nHost: h\r\n\r\n" + good;
    std::string_view rest = three;
    auto fed = parser.feed(rest);
    REQUIRE(fed.state == State::ready);
    check_good(parser.request());
    parser.next();
    rest.remove_prefix(fed.consumed);
    fed = parser.feed(rest);
    REQUIRE(fed.state == State::ready);
    CHECK(parser.request().target == "/x");
    CHECK(parser.request().body.empty());
    CHECK(parser.request().field_mask.empty());
    CHECK_FALSE(parser.request().keep_alive);
    parser.next();
    rest.remove_prefix(fed.consumed);
    fed = parser.feed(rest);
    REQUIRE(fed.state == State::ready);
    CHECK(fed.consumed == rest.size());
    check_good(parser.request());
}

TEST_CASE("http request: what two programs could read differently is refused", "[offline]") {
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    CHECK(status_of(with("")) == 0);
    CHECK(status_of(with("X: y\rTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of(with("Content-Length: 3\r\n" + chunked) + "0\r\n\r\n") == 400);
    CHECK(status_of(with(chunked + "Content-Length: 3\r\n") + "0\r\n\r\n") == 400);
    CHECK(status_of(with("Content-Length: 3\r\nContent-Length: 4\r\n") + "abcd") == 400);
    CHECK(status_of(with("Content-Length: -1\r\n")) == 400);
    CHECK(status_of(with("Content-Length: 99999999999999999999\r\n")) == 400);
    CHECK(status_of(with("X : y\r\n")) == 400);
    // The line end passes for a part of the version.
    CHECK(status_of("GET / HTTP/1.1\nHost: h\n\n") == 505);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: h\n\n\r\n\r\n") == 400);
    CHECK(status_of(with(std::string("X: a\0b\r\n", 8))) == 400);
    CHECK(status_of(with(chunked) + "1;a\nb\r\nx\r\n0\r\n\r\n") == 400);
    CHECK(status_of(with(chunked) + "x\r\n") == 400);
    CHECK(status_of("GET / HTTP/9.9\r\nHost: h\r\n\r\n") == 505);
    CHECK(status_of("GET  / HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
    CHECK(status_of("\x16\x03\x01\r\n\r\n") == 400);
    CHECK(status_of(with("X: a\r\n b\r\n")) == 400);
    CHECK(status_of(with("X: a\r\n\tContent-Length: 3\r\n")) == 400);
    CHECK(status_of(with("X: a\r\n ")) == 1);
}

TEST_CASE("http request: chunks are the only transfer coding", "[offline]") {
    const std::string coding = "Transfer-Encoding: ";
    const std::string chunks = "1\r\na\r\n0\r\n\r\n";
    CHECK(status_of(with(coding + "chunked\r\n") + chunks) == 0);
    CHECK(status_of(with(coding + "Chunked \r\n") + chunks) == 0);
    for (const char* other : {"xchunked",
                              "gzip",
                              "identity",
                              "chunked, identity",
                              "gzip, chunked",
                              "chunked, chunked",
                              ""}) {
        INFO(other);
        CHECK(status_of(with(coding + other + "\r\n") + chunks) == 501);
    }
    CHECK(status_of(with(coding + "chunked\r\n" + coding + "chunked\r\n") + chunks) == 400);
    CHECK(status_of(with(coding + "chunked\r\n" + coding + "identity\r\n") + chunks) == 400);
    CHECK(status_of("GET / HTTP/1.0\r\nHost: h\r\n" + coding + "chunked\r\n\r\n" + chunks) == 400);
}

TEST_CASE("http request: there is exactly one Host", "[offline]") {
    CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == 0);
    CHECK(status_of("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n") == 400);
}

TEST_CASE("http request: heads and bodies have limits", "[offline]") {
    for (const std::size_t piece : {std::size_t{1} << 20U, std::size_t{100}}) {
        CHECK(status_of(with("X: " + std::string(40'000, 'x') + "\r\n"), piece) == 431);
        CHECK(status_of(with("X: " + std::string(8'200, 'x')), piece) == 431);
        CHECK(status_of("GET /" + std::string(9'000, 'x'), piece) == 431);
        CHECK(status_of(with("X: " + std::string(8'000, 'x') + "\r\n"), piece) == 0);
    }
    std::string lines;
    for (int i = 0; i < 400; ++i) lines += "X: " + std::string(20, 'x') + "\r\n";
    CHECK(status_of(with(lines)) == 431);

    const auto body = [](std::size_t size) {
        return with("Content-Length: " + std::to_string(size) + "\r\n") + std::string(size, 'b');
    };
    CHECK(status_of(body(herd::http::RequestParser::body_size_max)) == 0);
    CHECK(status_of(body(herd::http::RequestParser::body_size_max), 1000) == 0);
    CHECK(status_of(body(herd::http::RequestParser::body_size_max + 1)) == 413);
    const std::string chunk = "1000\r\n" + std::string(4096, 'b') + "\r\n";
    std::string chunks;
    for (int i = 0; i < 16; ++i) chunks += chunk;
    CHECK(status_of(with("Transfer-Encoding: chunked\r\n") + chunks + "0\r\n\r\n") == 0);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\n") + chunks + chunk) == 413);
}

TEST_CASE("http request: no line between chunks is endless", "[offline]") {
    const std::string head = with("Transfer-Encoding: chunked\r\n");
    const std::string many(100'000, 'x');
    std::string lines;
    while (lines.size() < many.size()) lines += "T: y\r\n";
    for (const std::string& body : {"2;" + many,
                                    "2\r\n{}\r\n0\r\nT: " + many,
                                    "2\r\n{}\r\n0\r\n" + lines,
                                    std::string(100'000, '0'),
                                    "2" + std::string(100'000, ' ')}) {
        for (const std::size_t piece : {std::size_t{1} << 20U, std::size_t{1'000}}) {
            const unsigned status = status_of(head + body, piece);
            CHECK((status == 431 || status == 400));
        }
    }
}

TEST_CASE("http request: a chunked body arrives whole", "[offline]") {
    const std::string text =
        with("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        herd::http::RequestParser parser;
        const auto fed = feed(parser, text, piece);
        REQUIRE(fed.state == State::ready);
        REQUIRE(fed.consumed == text.size());
        REQUIRE(parser.request().body == "abcdefg");
    }
}

TEST_CASE("http request: who waits to go on is told so once", "[offline]") {
    herd::http::RequestParser parser;
    const std::string head = with("Expect: 100-Continue\r\nContent-Length: 2\r\n");
    CHECK_FALSE(parser.take_continue());
    CHECK(parser.feed(head).consumed == head.size());
    CHECK(parser.take_continue());
    CHECK_FALSE(parser.take_continue());
    CHECK(parser.feed("ab").state == State::ready);
    CHECK_FALSE(parser.take_continue());
}

}  // namespace request_test
