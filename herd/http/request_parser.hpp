#pragma once

#include "herd/http/request.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::http {

// Takes HTTP/1.x requests out of a connection's bytes, one after the other, strictly: what two
// programs could read differently is refused. HTTP/1.1 has exactly one Host; HTTP/1.0 may have
// none, as HAProxy's checks do. Keeps nothing of a request, and allocates nothing.
//
//   feed() --> more | head --> feed() --> more | part ... until whole() --> next() --> feed()
//
// A head is looked at when it is all there. After `refused` the connection is good for nothing but
// status().
class RequestParser {
public:
    static constexpr std::uint32_t head_size_max = 8192;  // and of what stands between chunks

    enum class Event : std::uint8_t {
        more,  // nothing yet: more has to come
        head,  // in `request`
        part,  // of the body; may be empty, at its end
        refused,
    };
    struct Fed {
        std::size_t consumed;
        Event event;
        std::string_view part = {};  // of the bytes fed
    };

    explicit RequestParser(std::uint64_t body_max);
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;
    ~RequestParser();

    // Up to the next event. Bytes that were not consumed are to be fed again, in front of what
    // comes behind them.
    Fed feed(std::string_view bytes, Request& request);
    // The head has been seen, and all of the body.
    bool whole() const;
    void next();

    // What to answer what was refused: 400, 413, 431, 501 or 505.
    unsigned status() const { return status_; }
    // Whether the answer to the request, or to what is known of one that is refused, has a head
    // only.
    bool head_only() const { return head_only_; }
    // What was refused is how TLS begins.
    bool heard_tls() const { return heard_tls_; }

private:
    class Beast;
    static constexpr std::size_t beast_size = 136;

    Beast& beast();
    const Beast& beast() const;
    Fed feed_head(std::string_view bytes, Request& request);
    Fed refuse(std::size_t consumed, unsigned status);

    const std::uint64_t body_max_;
    std::uint32_t line_ = 0;  // Where the line of the head begins that has not ended yet.
    std::uint16_t status_ = 0;
    bool has_head_ : 1 = false;
    bool head_only_ : 1 = false;
    bool heard_tls_ : 1 = false;
    alignas(8) std::array<std::byte, beast_size> memory_;  // Where Beast's parser lives.
};

}  // namespace herd::http
