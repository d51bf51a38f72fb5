#pragma once

#include <cassert>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace reactor {

// Takes lines off the front of a byte view, without copying. Lines end with LF; one CR before it
// is not part of the line. `seen`: that many bytes at the front are known to hold no LF.
class Lines {
public:
    explicit Lines(std::string_view bytes, std::size_t seen = 0) : bytes_(bytes), seen_(seen) {
        assert(seen <= bytes.size());
    }

    // The next complete line, or nothing.
    std::optional<std::string_view> take() {
        const std::size_t start = seen_ > taken_ ? seen_ : taken_;
        const void* end = start < bytes_.size()
                              ? std::memchr(bytes_.data() + start, '\n', bytes_.size() - start)
                              : nullptr;
        if (end == nullptr) return std::nullopt;
        const auto stop = static_cast<std::size_t>(static_cast<const char*>(end) - bytes_.data());
        const std::string_view line = bytes_.substr(taken_, stop - taken_);
        taken_ = stop + 1;
        return trim(line);
    }

    // What no complete line has been taken from.
    std::string_view rest() const { return bytes_.substr(taken_); }
    std::size_t taken() const { return taken_; }

    static std::string_view trim(std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

private:
    std::string_view bytes_;
    std::size_t seen_;
    std::size_t taken_ = 0;
};

}  // namespace reactor
