#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::http {

// ASCII letters in either case are the same.
bool same_name(std::string_view one, std::string_view other);

// The head of a request. All views are of the bytes that it came in, and die with these.
struct Request {
    // What HEAD asks for is what GET does, but for the body: see head_only. What is no method of
    // HTTP's is unknown, and refused by the parser.
    enum class Method : std::uint8_t { get, post, other, unknown };
    struct Field {
        std::string_view name, value;
    };
    static constexpr std::size_t fields_max = 64;

    Method method = Method::get;
    bool head_only = false;
    bool has_body = false;  // It comes behind.
    bool keep_alive = false;
    bool takes_chunks = false;     // HTTP/1.1: an answer may come in chunks
    bool awaits_continue = false;  // before it sends the body
    std::string_view target;       // path and query, as sent
    std::size_t field_count = 0;
    std::array<Field, fields_max> fields{};

    // The first field of that name; empty: there is none.
    std::string_view field(std::string_view name) const;
    // How many there are.
    std::size_t count(std::string_view name) const;
    // The target's path: of the absolute form, as to a proxy, too.
    std::string_view path() const;
    // It is about no path: OPTIONS of `*`, the server as a whole, or CONNECT.
    bool is_pathless() const { return method == Method::other && !path().starts_with('/'); }
};

}  // namespace herd::http
