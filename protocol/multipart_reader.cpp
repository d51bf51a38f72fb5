#include "protocol/multipart_reader.hpp"

#include "protocol/letters.hpp"

#include <algorithm>

namespace protocol {

namespace multipart {
namespace {

// What stands behind `name` and an equals sign, in quotes or to the next blank or semicolon.
std::string_view parameter(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find(';'); at != std::string_view::npos; at = text.find(';')) {
        text.remove_prefix(at + 1);
        while (text.starts_with(' ')) text.remove_prefix(1);
        if (!begins_like(text, name) || !text.substr(name.size()).starts_with('=')) continue;
        text.remove_prefix(name.size() + 1);
        const bool quoted = text.starts_with('"');
        if (quoted) text.remove_prefix(1);
        return text.substr(0, text.find_first_of(quoted ? "\"" : "; "));
    }
    return {};
}

}  // namespace
}  // namespace multipart

bool MultipartReader::begin(std::string_view content_type) {
    if (!begins_like(content_type, "multipart/form-data")) return false;
    const std::string_view boundary = multipart::parameter(content_type, "boundary");
    if (boundary.empty() || boundary.size() > boundary_max) return false;
    *this = MultipartReader();
    auto* const end = std::ranges::copy(std::string_view("\r\n--"), delimiter_.begin()).out;
    std::ranges::copy(boundary, end);
    delimiter_size_ = static_cast<std::uint8_t>(4 + boundary.size());
    state_ = State::preamble;
    matched_ = 2;  // As if a line had ended before the first byte.
    return true;
}

MultipartReader::Fed MultipartReader::feed(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        if (take(bytes[at])) return {at + 1, true};
    }
    return {bytes.size(), false};
}

bool MultipartReader::take(char byte) {
    if (state_ == State::over) return false;
    if (state_ == State::preamble || state_ == State::value) {
        if (!match(byte)) return false;
        const bool field = state_ == State::value && named_;
        state_ = State::delimited;
        line_size_ = 0;
        return field;
    }
    if (byte == '\n') {
        end_line();
    } else if (line_size_ < line_max) {
        line_[line_size_++] = byte;
    }
    return false;
}

// A carriage return stands only at its front: so what has matched and then does not is a value's,
// and nothing in it begins another one.
bool MultipartReader::match(char byte) {
    if (byte != delimiter_[matched_]) {
        put(delimiter().substr(0, matched_));
        matched_ = 0;
        if (byte != delimiter_[0]) {
            put({&byte, 1});
            return false;
        }
    }
    if (++matched_ < delimiter_size_) return false;
    matched_ = 0;
    return true;
}

void MultipartReader::end_line() {
    std::string_view line(line_.data(), line_size_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line_size_ = 0;
    if (state_ == State::delimited) {
        // Two more of them: it was the last.
        state_ = line.starts_with("--") ? State::over : State::head;
        name_size_ = value_size_ = 0;
        named_ = cut_ = false;
        return;
    }
    if (line.empty()) {
        state_ = State::value;
        return;
    }
    if (!begins_like(line, "content-disposition:")) return;
    const std::string_view name = multipart::parameter(line, "name");
    std::ranges::copy(name, name_.begin());
    name_size_ = static_cast<std::uint16_t>(name.size());
    named_ = !name.empty();
}

void MultipartReader::put(std::string_view bytes) {
    if (state_ != State::value) return;
    const std::string_view kept = bytes.substr(0, cut_ ? 0 : value_max - value_size_);
    std::ranges::copy(kept, value_.begin() + value_size_);
    value_size_ = static_cast<std::uint16_t>(value_size_ + kept.size());
    cut_ = cut_ || kept.size() < bytes.size();
}

}  // namespace protocol
