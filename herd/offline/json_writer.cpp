#include "herd/offline/json_writer.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <system_error>

namespace herd::offline {

void JsonWriter::key(std::string_view name) {
    assert(depth_ > 0);
    assert(!after_key_);
    before_value();
    quote(name);
    out_ += layout_ == Layout::legacy ? " : " : ": ";
    after_key_ = true;
}

void JsonWriter::text(std::string_view value) {
    before_value();
    quote(value);
}

void JsonWriter::number(double value) {
    before_value();
    // Enough for any finite double without an exponent.
    std::array<char, 512> digits{};
    const auto written = std::to_chars(
        digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
    assert(written.ec == std::errc{});
    out_.append(digits.data(), written.ptr);
}

void JsonWriter::number(std::uint64_t value) {
    before_value();
    std::array<char, 20> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    assert(written.ec == std::errc{});
    out_.append(digits.data(), written.ptr);
}

void JsonWriter::texts(std::span<const std::string_view> values) {
    if (layout_ == Layout::legacy && !values.empty()) {
        before_value();
        std::string_view separator = "[ ";
        for (const std::string_view value : values) {
            out_ += separator;
            quote(value);
            separator = ", ";
        }
        out_ += " ]";
        return;
    }
    begin_array();
    for (const std::string_view value : values) text(value);
    end_array();
}

void JsonWriter::begin(char bracket) {
    before_value();
    out_ += bracket;
    ++depth_;
    empty_ = true;
}

void JsonWriter::end(char bracket) {
    assert(depth_ > 0);
    assert(!after_key_);
    --depth_;
    if (!empty_) new_line();
    out_ += bracket;
    // What has just ended is a member of what encloses it.
    empty_ = false;
    if (depth_ == 0) out_ += '\n';
}

void JsonWriter::before_value() {
    if (depth_ > 0 && !after_key_) {
        if (!empty_) out_ += ',';
        new_line();
    }
    after_key_ = false;
    empty_ = false;
}

void JsonWriter::new_line() {
    out_ += '\n';
    const std::size_t blanks = layout_ == Layout::legacy ? 3 : 2;
    out_.append(depth_ * blanks, ' ');
}

void JsonWriter::quote(std::string_view value) {
    constexpr std::string_view hex = "0123456789abcdef";
    out_ += '"';
    for (const char byte : value) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x20) {
            out_ += "\\u00";
            out_ += hex[code >> 4U];
            out_ += hex[code & 15U];
            continue;
        }
        if (byte == '"' || byte == '\\') out_ += '\\';
        out_ += byte;
    }
    out_ += '"';
}

}  // namespace herd::offline
