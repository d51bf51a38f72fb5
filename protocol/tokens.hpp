#pragma once

#include "protocol/words.hpp"

#include <cstddef>
#include <string_view>

namespace protocol {

// White space is these six bytes and no others: NUL, NEL and NBSP belong to a field.
constexpr bool is_space(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code <= ' ' && (code == ' ' || (code >= '\t' && code <= '\r'));
}

// Whether between two fields of a line, the left one first, stands a single blank.
inline bool one_blank(std::string_view left, std::string_view right) {
    const char* const end = left.data() + left.size();
    return right.data() == end + 1 && *end == ' ';
}

// What a line has from the first of two fields to the last.
inline std::string_view span_of(std::string_view first, std::string_view last) {
    const char* const end = last.data() + last.size();
    return {first.data(), static_cast<std::size_t>(end - first.data())};
}

// The fields of a line, one after the other. All views point into the line and live as long as it.
class Tokens {
public:
    explicit Tokens(std::string_view line) : at_(line.data()), end_(at_ + line.size()) {}

    // The next field; empty behind the last one, which no field is.
    std::string_view next() {
        skip_space();
        const char* const begin = at_;
        at_ = field_end();
        return view(begin, at_);
    }

    // For a reader that finds a field's end by itself: what stands before it, from the field on.
    std::string_view front() {
        skip_space();
        return view(at_, end_);
    }
    // The first `size` bytes of front(), if they are a field; else empty.
    std::string_view take(std::size_t size) {
        const char* const begin = at_;
        const char* const stop = begin + size;
        if (stop != end_ && !is_space(*stop)) return {};
        at_ = stop;
        return view(begin, stop);
    }

    // All that stands behind the last field taken, without the white space around it.
    std::string_view rest() {
        skip_space();
        const char* stop = end_;
        while (stop != at_ && is_space(stop[-1])) --stop;
        return view(at_, stop);
    }

private:
    static std::string_view view(const char* begin, const char* end) {
        return {begin, static_cast<std::size_t>(end - begin)};
    }

    void skip_space() {
        while (at_ != end_ && is_space(*at_)) ++at_;
    }

    // Of what is not above a blank, which is rare in a field, each byte is looked at by itself.
    const char* field_end() const {
        const char* at = at_;
        while (end_ - at >= words::size) {
            const std::ptrdiff_t more = words::front_above(words::load(at), ' ');
            at += more;
            if (more == words::size) continue;
            if (is_space(*at)) return at;
            ++at;
        }
        while (at != end_ && !is_space(*at)) ++at;
        return at;
    }

    const char* at_;  // What is not yet taken begins here.
    const char* end_;
};

}  // namespace protocol
