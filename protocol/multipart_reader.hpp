#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace protocol {

// Takes the fields of a form apart that comes in several parts (multipart/form-data, RFC 7578), as
// a FormReader does with one in one line. Of a part its name counts and its value, whatever else it
// says of itself; what stands before the first part and behind the last is skipped.
//
//   begin() --> feed() --> a field --> feed(), with what was not consumed ...
//
// Owned by who feeds it.
class MultipartReader {
public:
    static constexpr std::size_t boundary_max = 70;
    static constexpr std::size_t line_max = 256;  // of what a part says of itself
    static constexpr std::size_t value_max = 512;

    struct Fed {
        std::size_t consumed;
        bool field;  // One is complete.
    };

    // By the Content-Type of the whole. False: it is no such form.
    bool begin(std::string_view content_type);
    Fed feed(std::string_view bytes);

    // Of the field that is complete; valid until the next feed(). Of what is too long, its
    // beginning.
    std::string_view name() const { return {name_.data(), name_size_}; }
    std::string_view value() const { return {value_.data(), value_size_}; }
    bool cut() const { return cut_; }

private:
    enum class State : std::uint8_t {
        preamble,
        delimited,  // Behind a boundary, to the end of its line.
        head,       // Lines that say what the part is, up to an empty one.
        value,
        over,
    };

    bool take(char byte);
    bool match(char byte);
    void end_line();
    void put(std::string_view bytes);
    std::string_view delimiter() const { return {delimiter_.data(), delimiter_size_}; }

    State state_ = State::over;
    bool cut_ = false;
    bool named_ = false;  // The part at hand has a name.
    std::uint8_t delimiter_size_ = 0;
    std::uint8_t matched_ = 0;  // Of the delimiter, so many bytes have come.
    std::uint16_t line_size_ = 0;
    std::uint16_t name_size_ = 0;
    std::uint16_t value_size_ = 0;
    std::array<char, boundary_max + 4> delimiter_{};
    std::array<char, line_max> line_{};
    std::array<char, line_max> name_{};
    std::array<char, value_max> value_{};
};

}  // namespace protocol
