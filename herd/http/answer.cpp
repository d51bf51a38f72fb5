#include "herd/http/answer.hpp"

#include <array>
#include <cassert>
#include <cstdio>

namespace herd::http {
namespace {

int length(std::string_view text) {
    return static_cast<int>(text.size());
}

// A header line with its CRLF, or none.
std::string_view write_length(std::span<char> out, const Framing& framing) {
    switch (framing.by) {
        case Framing::By::size: {
            const int size =
                std::snprintf(out.data(), out.size(), "Content-Length: %zu\r\n", framing.size);
            assert(size > 0);
            assert(static_cast<std::size_t>(size) < out.size());
            return {out.data(), static_cast<std::size_t>(size)};
        }
        case Framing::By::chunks:
            return "Transfer-Encoding: chunked\r\n";
        case Framing::By::end:
            break;
    }
    return "";
}

}  // namespace

std::string_view write_head(std::span<char> out, const Answer& answer, const Framing& framing) {
    assert(out.size() >= answer_head_size_max);
    assert(answer.status >= 200);
    assert(answer.status < 600);
    assert(!answer.type.empty());
    assert(framing.by != Framing::By::end || framing.last);
    std::array<char, 48> buffer{};
    const std::string_view reason = reason_phrase(answer.status);
    const std::string_view size = write_length(buffer, framing);
    const int written = std::snprintf(out.data(),
                                      answer_head_size_max,
                                      "HTTP/1.1 %u %.*s\r\n"
                                      "Content-Type: %.*s\r\n"
                                      "%.*s"
                                      "Connection: %s\r\n"
                                      "%.*s\r\n",
                                      answer.status,
                                      length(reason),
                                      reason.data(),
                                      length(answer.type),
                                      answer.type.data(),
                                      length(size),
                                      size.data(),
                                      framing.last ? "close" : "keep-alive",
                                      length(answer.extra),
                                      answer.extra.data());
    assert(written > 0);
    assert(static_cast<std::size_t>(written) < answer_head_size_max);
    return {out.data(), static_cast<std::size_t>(written)};
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 422:
            return "Unprocessable Content";
        case 421:
            return "Misdirected Request";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Unknown";
    }
}

}  // namespace herd::http
