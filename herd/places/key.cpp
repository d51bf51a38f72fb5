#include "herd/places/key.hpp"

#include "herd/secret_file.hpp"
#include "reactor/result.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace herd::places {

namespace {

std::unexpected<std::string> refused(const std::string& field, int error) {
    const std::string unless = ", and places.key_shared is not set";
    if (error == ELOOP) return failure(field, "is a symbolic link" + unless);
    if (error == reactor::sys::not_private) {
        return failure(field,
                       "everybody on this machine can read or change it (chmod 600)" + unless);
    }
    if (error == reactor::sys::not_a_file) return failure(field, "is not a file");
    if (error == EFBIG) return failure(field, "is too long for a key");
    return failure(field, reactor::Errno{error});
}

}  // namespace

Outcome<std::string> read_key(const std::string& path, bool shared) {
    if (path.empty()) return std::unexpected("places.key_file: is not set");
    const std::string field = "places.key_file: " + path;
    std::array<char, 1024> room{};
    const auto text = read_secret_file(path, shared, room);
    if (!text) return refused(field, text.error().value);
    auto key = parse_key(*text);
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
