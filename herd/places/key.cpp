#include "herd/places/key.hpp"

#include "reactor/result.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace herd::places {

namespace {

struct FileCloser {
    void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

std::string field_of(const std::string& path) {
    return "places.key_file: " + path;
}

}  // namespace

Outcome<std::string> read_key(const std::string& path) {
    if (path.empty()) return std::unexpected("places.key_file: is not set");
    const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
    if (!file) return failure(field_of(path), reactor::Errno{errno});
    std::array<char, 1024> text{};
    const std::size_t size = std::fread(text.data(), 1, text.size(), file.get());
    assert(size <= text.size());
    if (std::ferror(file.get()) != 0) {
        return failure(field_of(path), reactor::Errno{errno});
    }
    auto key = parse_key({text.data(), size});
    if (!key) return std::unexpected(field_of(path) + ": " + key.error());
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
