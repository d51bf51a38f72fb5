#include "protocol/nats_writer.hpp"

#include "protocol/json_text.hpp"
#include "protocol/nats_subject.hpp"
#include "protocol/nats_text.hpp"

#include <algorithm>

namespace protocol::nats {

namespace {

constexpr std::size_t digits_max = 20;
// HPUB, blanks, two sizes and the line's end.
constexpr std::size_t frame_max = 4 + 4 + 2 * digits_max + crlf.size();

bool is_header(const Header& header) {
    const auto name_byte = [](char byte) { return is_subject_byte(byte) && byte != ':'; };
    const auto value_byte = [](char byte) { return byte != '\r' && byte != '\n'; };
    return !header.name.empty() && std::ranges::all_of(header.name, name_byte) &&
           std::ranges::all_of(header.value, value_byte);
}

std::size_t headers_size(std::span<const Header> headers) {
    if (headers.empty()) return 0;
    std::size_t size = headers_version.size() + 2 * crlf.size();
    for (const Header& each : headers) {
        size += each.name.size() + 2 + each.value.size() + crlf.size();
    }
    return size;
}

void put_member(TextWriter& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.put(",\"");
    out.put(name);
    out.put("\":");
    put_json_text(out, value);
}

}  // namespace

void put_connect(TextWriter& out, const Login& login) {
    out.put(R"(CONNECT {"verbose":false,"pedantic":false,"lang":"c++","protocol":1,)");
    out.put(R"("headers":true,"no_responders":true,"echo":true,"tls_required":)");
    out.put(login.tls ? "true" : "false");
    put_member(out, "name", login.name);
    put_member(out, "user", login.user);
    put_member(out, "pass", login.password);
    put_member(out, "auth_token", login.token);
    out.put("}\r\n");
}

void put_subscribe(TextWriter& out, std::string_view filter, std::uint64_t sid) {
    out.put("SUB ");
    out.put(filter);
    out.put(' ');
    out.put_decimal(sid);
    out.put(crlf);
}

void put_unsubscribe(TextWriter& out, std::uint64_t sid) {
    out.put("UNSUB ");
    out.put_decimal(sid);
    out.put(crlf);
}

std::optional<Unsendable> flaw_of(const Publication& publication, std::uint64_t payload_max) {
    const bool replies = !publication.reply.empty();
    if (!is_literal(publication.subject) || (replies && !is_literal(publication.reply))) {
        return Unsendable::subject;
    }
    if (!std::ranges::all_of(publication.headers, is_header)) return Unsendable::header;
    if (publication.subject.size() + publication.reply.size() + frame_max > control_line_max) {
        return Unsendable::line_too_long;
    }
    if (headers_size(publication.headers) + publication.payload.size() > payload_max) {
        return Unsendable::payload_too_long;
    }
    return std::nullopt;
}

std::size_t size_of(const Publication& publication) {
    return frame_max + publication.subject.size() + publication.reply.size() +
           headers_size(publication.headers) + publication.payload.size() + crlf.size();
}

void put_publication(TextWriter& out, const Publication& publication) {
    const bool headed = !publication.headers.empty();
    const std::size_t head = headers_size(publication.headers);
    out.put(headed ? "HPUB " : "PUB ");
    out.put(publication.subject);
    out.put(' ');
    if (!publication.reply.empty()) {
        out.put(publication.reply);
        out.put(' ');
    }
    if (headed) {
        out.put_decimal(head);
        out.put(' ');
    }
    out.put_decimal(head + publication.payload.size());
    out.put(crlf);
    if (headed) {
        out.put(headers_version);
        out.put(crlf);
        for (const Header& each : publication.headers) {
            out.put(each.name);
            out.put(": ");
            out.put(each.value);
            out.put(crlf);
        }
        out.put(crlf);
    }
    out.put(publication.payload);
    out.put(crlf);
}

}  // namespace protocol::nats
