#include "herd/http/request_parser.hpp"

#include "protocol/client_hello.hpp"

// With sanitizers, g++ 12 sees an optional in Beast's parser that it takes for uninitialised.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>

// Boost.Beast's parser, because it was the strictest of those at hand and wants nothing but bytes:
// no other part of Beast or Asio is used, and nothing else of the project sees them. It is the part
// below its containers, which allocates nothing while it is fed from one buffer.

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
using boost::beast::error_code;
using Text = boost::beast::string_view;

std::string_view view(Text text) {
    return {text.data(), text.size()};
}

Request::Method method_of(http::verb verb) {
    if (verb == http::verb::get || verb == http::verb::head) return Request::Method::get;
    if (verb == http::verb::post) return Request::Method::post;
    return verb == http::verb::unknown ? Request::Method::unknown : Request::Method::other;
}

unsigned status_for(const error_code& error) {
    if (error == http::error::header_limit) return 431;
    if (error == http::error::body_limit) return 413;
    if (error == http::error::bad_version) return 505;
    return 400;
}

// The first byte of a record that has a part of a handshake in it.

bool is_letter(char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

bool is_folded(std::string_view head) {
    return head.find("\r\n ") != std::string_view::npos ||
           head.find("\r\n\t") != std::string_view::npos;
}

// What Beast lets pass and another program might read differently; 0 if there is nothing.
// A transfer coding that nobody has named is no reason for Beast to expect a body (RFC 9112, 6.1);
// HTTP/1.0 has none at all.
unsigned fault(const Request& request) {
    const std::size_t hosts = request.count("Host");
    if (hosts > 1 || (hosts == 0 && request.takes_chunks)) return 400;
    if (request.count("Authorization") > 1) return 400;
    const std::size_t codings = request.count("Transfer-Encoding");
    if (codings > 1 || (codings == 1 && !request.takes_chunks)) return 400;
    const bool chunked = codings == 1 && same_name(request.field("Transfer-Encoding"), "chunked");
    const bool implemented = request.method != Request::Method::unknown;
    return implemented && (codings == 0 || chunked) ? 0 : 501;
}

}  // namespace

class RequestParser::Beast final : public http::basic_parser<true> {
public:
    explicit Beast(std::uint64_t body_max) {
        header_limit(head_size_max);
        body_limit(body_max);
    }

    // Takes a whole head.
    std::size_t read_head(std::string_view head, Request& request, error_code& error) {
        request_ = &request;
        const std::size_t taken = put({head.data(), head.size()}, error);
        request_ = nullptr;
        return taken;
    }
    // Whether these can be looked at. A last chunk and what must follow it have five bytes at
    // least; shown fewer of them, and more later, Beast 1.74 ends the process.
    bool can_read(std::string_view bytes) const {
        constexpr std::size_t last_chunk_min = 5;  // "0", CRLF, CRLF
        const bool between = chunked() && chunk_left_ == 0;
        return !between || !bytes.starts_with('0') || bytes.size() >= last_chunk_min;
    }
    // Takes the next of the body, or of what stands between chunks.
    std::size_t read_body(std::string_view bytes, std::string_view& part, error_code& error) {
        part_ = {};
        const std::size_t taken = put({bytes.data(), bytes.size()}, error);
        part = part_;
        return taken;
    }

private:
    void on_request_impl(
        http::verb method, Text, Text target, int version, error_code& error) override {
        error = {};
        assert(request_ != nullptr);
        request_->method = method_of(method);
        request_->head_only = method == http::verb::head;
        request_->target = view(target);
        request_->takes_chunks = version >= 11;
        request_->field_count = 0;
    }
    void on_response_impl(int, Text, int, error_code&) override { assert(false); }
    // The fields behind the last chunk are nobody's.
    void on_field_impl(http::field, Text name, Text value, error_code& error) override {
        error = {};
        if (request_ == nullptr) return;
        if (request_->field_count == Request::fields_max) {
            error = http::error::header_limit;
            return;
        }
        request_->fields[request_->field_count++] = {view(name), view(value)};
    }
    void on_header_impl(error_code& error) override { error = {}; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& error) override {
        error = {};
    }
    std::size_t on_body_impl(Text body, error_code& error) override {
        error = {};
        part_ = view(body);
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t size, Text, error_code& error) override {
        error = {};
        chunk_left_ = size;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, error_code& error) override {
        assert(body.size() <= chunk_left_);
        chunk_left_ -= body.size();
        return on_body_impl(body, error);
    }
    void on_finish_impl(error_code& error) override { error = {}; }

    Request* request_ = nullptr;
    std::string_view part_;
    std::uint64_t chunk_left_ = 0;  // Of the chunk at hand.
};

// The memory is Beast's to fill.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
RequestParser::RequestParser(std::uint64_t body_max) : body_max_(body_max) {
    static_assert(sizeof(Beast) <= beast_size);
    static_assert(alignof(Beast) <= 8);
    std::construct_at(reinterpret_cast<Beast*>(memory_.data()), body_max);
}

RequestParser::~RequestParser() {
    std::destroy_at(&beast());
}

RequestParser::Beast& RequestParser::beast() {
    return *std::launder(reinterpret_cast<Beast*>(memory_.data()));
}

const RequestParser::Beast& RequestParser::beast() const {
    return *std::launder(reinterpret_cast<const Beast*>(memory_.data()));
}

bool RequestParser::whole() const {
    return has_head_ && beast().is_done();
}

RequestParser::Fed RequestParser::feed(std::string_view bytes, Request& request) {
    assert(status_ == 0);
    assert(!whole());
    if (!has_head_) return feed_head(bytes, request);
    std::size_t consumed = 0;
    while (consumed < bytes.size() && beast().can_read(bytes.substr(consumed))) {
        error_code error;
        std::string_view part;
        consumed += beast().read_body(bytes.substr(consumed), part, error);
        assert(consumed <= bytes.size());
        const bool wants_more = error == http::error::need_more;
        if (error && !wants_more) return refuse(consumed, status_for(error));
        if (!part.empty() || whole()) return {consumed, Event::part, part};
        if (!wants_more) continue;
        // A line of a chunk's, or the trailers, of which Beast takes nothing until all is there.
        if (bytes.size() - consumed > head_size_max) return refuse(consumed, 431);
        break;
    }
    return {consumed, Event::more};
}

// Every line ends with CR LF, and an empty one ends the head. What does not even begin with a
// letter, as of TLS, need not be waited for.
RequestParser::Fed RequestParser::feed_head(std::string_view bytes, Request& request) {
    if (bytes.empty()) return {0, Event::more};
    if (!is_letter(bytes[0])) {
        heard_tls_ = protocol::begins_client_hello(bytes);
        return refuse(0, 400);
    }
    const std::string_view looked = bytes.substr(0, head_size_max);
    std::size_t end = line_;
    while (true) {
        const std::size_t start = end;
        end = looked.find('\n', start);
        if (end == std::string_view::npos) {
            if (looked.size() == head_size_max) return refuse(0, 431);
            line_ = static_cast<std::uint32_t>(start);
            return {0, Event::more};
        }
        if (looked[end - 1] != '\r') return refuse(0, 400);
        if (++end == start + 2) break;
    }
    const std::string_view head = looked.substr(0, end);
    if (is_folded(head)) return refuse(0, 400);
    error_code error;
    request.head_only = false;
    const std::size_t consumed = beast().read_head(head, request, error);
    head_only_ = request.head_only;
    if (error) return refuse(consumed, status_for(error));
    assert(consumed == head.size());
    if (const unsigned status = fault(request); status != 0) return refuse(consumed, status);
    has_head_ = true;
    request.has_body = !beast().is_done();
    request.keep_alive = beast().keep_alive();
    request.awaits_continue = request.has_body && request.takes_chunks &&
                              same_name(request.field("Expect"), "100-continue");
    return {consumed, Event::head};
}

void RequestParser::next() {
    assert(status_ == 0);
    assert(whole());
    line_ = 0;
    has_head_ = head_only_ = false;
    // In place: the storage is as good as new.
    std::destroy_at(&beast());
    std::construct_at(&beast(), body_max_);
}

RequestParser::Fed RequestParser::refuse(std::size_t consumed, unsigned status) {
    assert(status_ == 0);
    assert(status >= 400);
    assert(status < 600);
    status_ = static_cast<std::uint16_t>(status);
    return {consumed, Event::refused};
}

}  // namespace herd::http
