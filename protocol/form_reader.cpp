#include "protocol/form_reader.hpp"

#include "protocol/hex.hpp"

namespace protocol {

FormReader::Fed FormReader::feed(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (told_) begin();
        const char byte = bytes[at++];
        if (byte != '&') {
            take(byte);
            continue;
        }
        if (finish()) return {at, true};
    }
    return {at, false};
}

bool FormReader::finish() {
    if (told_) return false;
    end_escape();
    told_ = true;
    return any();
}

void FormReader::begin() {
    name_size_ = value_size_ = 0;
    named_ = cut_ = told_ = false;
}

void FormReader::take(char byte) {
    if (escape_) {
        const int value = hex_value(byte);
        if (value >= 0 && digit_ == 0) {
            digit_ = byte;
            return;
        }
        if (value >= 0) {
            put(static_cast<char>(hex_value(digit_) << 4 | value));
            escape_ = false;
            digit_ = 0;
            return;
        }
        end_escape();
    }
    if (byte == '%') {
        escape_ = true;
    } else if (byte == '=' && !named_) {
        named_ = true;
    } else {
        put(byte == '+' ? ' ' : byte);
    }
}

// It was none: it stands for itself.
void FormReader::end_escape() {
    if (!escape_) return;
    put('%');
    if (digit_ != 0) put(digit_);
    escape_ = false;
    digit_ = 0;
}

void FormReader::put(char byte) {
    if (!named_ && name_size_ < name_max) {
        name_[name_size_++] = byte;
    } else if (named_ && value_size_ < value_max) {
        value_[value_size_++] = byte;
    } else {
        cut_ = true;
    }
}

}  // namespace protocol
