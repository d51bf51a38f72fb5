#include "herd/http/request.hpp"

// With sanitizers, g++ 12 sees an optional in Beast's parser that it takes for uninitialised.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>

// Boost.Beast's parser, because it was the strictest of those at hand and wants nothing but bytes:
// no other part of Beast or Asio is used, and nothing else of the project sees them.

#ifdef BOOST_NO_EXCEPTIONS
namespace boost {

// Whatever Boost would throw here is a failed allocation or a bug.
void throw_exception(const std::exception& error) {
    std::fprintf(stderr, "boost: %s\n", error.what());
    std::abort();
}

void throw_exception(const std::exception& error, const source_location&) {
    throw_exception(error);
}

}  // namespace boost
#endif

namespace herd::http {
namespace {

namespace http = boost::beast::http;

using Parser = http::request_parser<http::string_body>;

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

Request::Method method_of(http::verb verb) {
    if (verb == http::verb::get || verb == http::verb::head) return Request::Method::get;
    if (verb == http::verb::post) return Request::Method::post;
    return Request::Method::other;
}

unsigned status_for(const boost::beast::error_code& error) {
    if (error == http::error::header_limit) return 431;
    if (error == http::error::body_limit) return 413;
    if (error == http::error::bad_version) return 505;
    return 400;
}

// What Beast lets pass and another program might read differently; 0 if there is nothing.
// A transfer coding that nobody has named is no reason for Beast to expect a body (RFC 9112, 6.1);
// HTTP/1.0 has none at all.
unsigned fault(std::string_view head, const Parser::value_type& message) {
    if (message.count(http::field::host) != 1) return 400;
    const bool folded = head.find("\r\n ") != std::string_view::npos ||
                        head.find("\r\n\t") != std::string_view::npos;
    if (folded) return 400;
    const auto codings = message.count(http::field::transfer_encoding);
    if (codings == 0) return 0;
    if (codings > 1 || message.version() < 11) return 400;
    const auto coding = message[http::field::transfer_encoding];
    return boost::beast::iequals(coding, "chunked") ? 0 : 501;
}

}  // namespace

class RequestParser::Beast {
public:
    Beast() {
        parser_.eager(true);
        parser_.header_limit(head_size_max);
        parser_.body_limit(body_size_max);
    }

    Parser& parser() { return parser_; }

    Request request() const {
        const auto& message = parser_.get();
        const auto field = [&](const char* name) { return view(message[name]); };
        return {
            .method = method_of(message.method()),
            .target = view(message.target()),
            .body = message.body(),
            .content_type = field("Content-Type"),
            .api_key = field("X-Goog-Api-Key"),
            .field_mask = field("X-Goog-FieldMask"),
            .inject = field("X-Inject"),
            .keep_alive = message.keep_alive(),
        };
    }

private:
    Parser parser_;
};

RequestParser::RequestParser() : beast_(std::make_unique<Beast>()) {}

RequestParser::~RequestParser() = default;

RequestParser::Fed RequestParser::feed(std::string_view bytes) {
    assert(status_ == 0);
    Parser& parser = beast_->parser();
    assert(!parser.is_done());
    if (bytes.empty()) return {0, State::more};
    boost::beast::error_code error;
    const bool had_head = parser.is_header_done();
    const std::size_t consumed = parser.put({bytes.data(), bytes.size()}, error);
    assert(consumed <= bytes.size());
    if (error && error != http::error::need_more) return refuse(consumed, status_for(error));
    // Beast takes a head as a whole.
    if (!had_head && parser.is_header_done()) {
        const unsigned status = fault(bytes.substr(0, bytes.find("\r\n\r\n")), parser.get());
        if (status != 0) return refuse(consumed, status);
    }
    if (!parser.is_done()) {
        // A line of a chunk's, or the trailers, of which Beast takes nothing until all is there.
        if (bytes.size() - consumed > head_size_max) return refuse(consumed, 431);
        return {consumed, State::more};
    }
    request_ = beast_->request();
    return {consumed, State::ready};
}

void RequestParser::next() {
    assert(status_ == 0);
    assert(beast_->parser().is_done());
    request_ = {};
    continued_ = false;
    // In place: the storage is as good as new.
    std::destroy_at(beast_.get());
    std::construct_at(beast_.get());
}

bool RequestParser::head_only() const {
    return beast_->parser().get().method() == http::verb::head;
}

bool RequestParser::take_continue() {
    Parser& parser = beast_->parser();
    if (continued_ || status_ != 0 || !parser.is_header_done() || parser.is_done()) return false;
    const auto expected = parser.get()[http::field::expect];
    continued_ = boost::beast::iequals(expected, "100-continue");
    return continued_;
}

RequestParser::Fed RequestParser::refuse(std::size_t consumed, unsigned status) {
    assert(status_ == 0);
    assert(status >= 400 && status < 600);
    status_ = status;
    return {consumed, State::refused};
}

}  // namespace herd::http
