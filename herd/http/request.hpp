#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace herd::http {

// What a request says, as far as anybody here asks. What is absent is empty.
struct Request {
    // What HEAD asks for is what GET does, but for the body.
    enum class Method : std::uint8_t { get, post, other };

    Method method = Method::get;
    std::string_view target;  // path and query, as sent
    std::string_view body;
    std::string_view content_type;
    std::string_view api_key;     // X-Goog-Api-Key
    std::string_view field_mask;  // X-Goog-FieldMask
    std::string_view inject;      // X-Inject
    bool keep_alive = false;
};

// Takes HTTP/1.x requests out of a connection's bytes, one after the other, strictly: what two
// programs could read differently is refused. Exactly one Host is required of every request, of
// HTTP/1.0 too: clients of that age that matter send it, and a rule without an exception leaves no
// gap to reach through.
//
// feed() until it returns `ready`; then request() is valid until next(), which must come before
// the following feed(). After `refused` the connection is good for nothing but status().
class RequestParser {
public:
    static constexpr std::uint32_t head_size_max = 8192;
    static constexpr std::uint32_t body_size_max = 65536;

    enum class State : std::uint8_t { more, ready, refused };
    struct Fed {
        std::size_t consumed;
        State state;
    };

    RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;
    ~RequestParser();

    // Bytes that were not consumed are to be fed again, in front of what comes behind them.
    Fed feed(std::string_view bytes);
    void next();

    const Request& request() const { return request_; }
    // What to answer what was refused: 400, 413, 431, 501 or 505.
    unsigned status() const { return status_; }
    // Whether the answer to the request, or to what is known of one that is refused, has a head
    // only.
    bool head_only() const;
    // Whether the client waits for "100 Continue" before it sends the body. True once a request.
    bool take_continue();

private:
    class Beast;

    Fed refuse(std::size_t consumed, unsigned status);

    std::unique_ptr<Beast> beast_;
    Request request_;
    unsigned status_ = 0;
    bool continued_ = false;
};

}  // namespace herd::http
