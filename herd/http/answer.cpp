#include "herd/http/answer.hpp"

#include "protocol/text_writer.hpp"

#include <cassert>

namespace herd::http {
namespace {

// A header line, or none.
void put_length(protocol::TextWriter& out, const Framing& framing) {
    switch (framing.by) {
        case Framing::By::size:
            out.put("Content-Length: ");
            out.put_decimal(framing.size);
            return out.put("\r\n");
        case Framing::By::chunks:
            return out.put("Transfer-Encoding: chunked\r\n");
        case Framing::By::end:
            return;
    }
}

}  // namespace

std::string_view write_head(std::span<char> out, const Answer& answer, const Framing& framing) {
    assert(out.size() >= answer_head_size_max);
    assert(answer.status >= 200);
    assert(answer.status < 600);
    assert(!answer.type.empty());
    assert(framing.by != Framing::By::end || framing.last);
    protocol::TextWriter head(out.first(answer_head_size_max));
    head.put("HTTP/1.1 ");
    head.put_decimal(answer.status);
    head.put(' ');
    head.put(reason_phrase(answer.status));
    head.put("\r\nContent-Type: ");
    head.put(answer.type);
    head.put("\r\n");
    put_length(head, framing);
    head.put(framing.last ? "Connection: close\r\n" : "Connection: keep-alive\r\n");
    head.put(answer.extra);
    head.put("\r\n");
    assert(!head.overflowed());
    return head.text();
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
