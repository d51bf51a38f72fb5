#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::phones {

// A part of a client's id as a phone has said it, by the best of the sources that it came from. A
// value that owns its text, of which it keeps size_max bytes.
class Name {
public:
    static constexpr std::size_t size_max = 256;

    // A phone's request has a dozen of these: their texts are not written before they are said.
    Name() {}  // NOLINT(*-member-init,*-equals-default)

    // Takes it, unless one of a better source is there: a smaller one. Of one source the last
    // counts, and nothing at all is not said. `cut`: there was more.
    void offer(std::string_view text, std::uint8_t source = 0, bool cut = false) {
        if (text.empty() || (size_ > 0 && source > source_)) return;
        const std::size_t size = std::min(text.size(), size_max);
        std::ranges::copy(text.substr(0, size), text_.begin());
        size_ = static_cast<std::uint16_t>(size);
        source_ = source;
        too_long_ = cut || text.size() > size_max;
    }

    // Empty: none was said.
    std::string_view text() const { return {text_.data(), size_}; }
    bool empty() const { return size_ == 0; }
    bool too_long() const { return too_long_; }

private:
    std::uint16_t size_ = 0;
    std::uint8_t source_ = 0;
    bool too_long_ = false;
    std::array<char, size_max> text_;  // As far as size_.
};

}  // namespace herd::phones
