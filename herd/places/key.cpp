#include "herd/places/key.hpp"

#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <span>

namespace herd::places {

namespace {

std::unexpected<std::string> refused(const std::string& field, int error) {
    const std::string unless = ", and places.key_shared is not set";
    if (error == ELOOP) return failure(field, "is a symbolic link" + unless);
    if (error == reactor::sys::not_private) {
        return failure(field, "everybody on this machine can read or change it" + unless);
    }
    if (error == reactor::sys::not_a_file) return failure(field, "is not a file");
    return failure(field, reactor::Errno{error});
}

}  // namespace

Outcome<std::string> read_key(const std::string& path, bool shared) {
    if (path.empty()) return std::unexpected("places.key_file: is not set");
    const std::string field = "places.key_file: " + path;
    const auto opened = reactor::sys::open_secret(path.c_str(), shared);
    if (!opened) return refused(field, opened.error().value);
    const reactor::Socket file(*opened);
    std::array<char, 1024> text{};
    std::size_t size = 0;
    while (size < text.size()) {
        const auto got = reactor::sys::read(file.fd(), std::span(text).subspan(size));
        if (!got) return failure(field, got.error());
        if (*got == 0) break;
        size += *got;
    }
    if (size == text.size()) return failure(field, "is too long for a key");
    auto key = parse_key({text.data(), size});
    if (!key) return std::unexpected(field + ": " + key.error());
    return key;
}

Outcome<std::string> parse_key(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return std::unexpected("holds no key");
    const bool plain =
        std::ranges::all_of(text, [](char byte) { return byte > ' ' && byte <= '~'; });
    if (!plain) return std::unexpected("must hold one key and nothing else, without blanks");
    return std::string(text);
}

}  // namespace herd::places
