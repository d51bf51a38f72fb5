#pragma once

#include <algorithm>
#include <string_view>

namespace protocol {

// The small letter of an ASCII one; any other byte as it is, whatever the locale.
constexpr char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

// Whether the text begins with that, which is in small letters, be its own letters large or small.
constexpr bool begins_like(std::string_view text, std::string_view small) {
    return text.size() >= small.size() &&
           std::ranges::equal(text.substr(0, small.size()), small, {}, lower);
}

}  // namespace protocol
