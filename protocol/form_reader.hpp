#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace protocol {

// Takes the fields of a form, or of a query, apart as they come, wherever they are cut, in the
// memory that it has itself: `name=value&...`, of which `+` is a blank and `%XX` a byte. A `%` that
// begins no such byte stands for itself. What has no `=` is a name without a value; nothing at all
// between two `&` is no field. A name may come as often as it likes.
//
//   feed() --> a field --> feed(), with what was not consumed ... --> finish(), for the last one
//
// Owned by who feeds it.
class FormReader {
public:
    static constexpr std::size_t name_max = 64;
    static constexpr std::size_t value_max = 512;

    struct Fed {
        std::size_t consumed;
        bool field;  // One is complete.
    };

    Fed feed(std::string_view bytes);
    // Nothing comes any more: whether there is a last field.
    bool finish();
    void reset() { *this = FormReader(); }

    // Of the field that is complete, decoded; valid until the next feed(). Of a name or a value
    // that is too long, its beginning.
    std::string_view name() const { return {name_.data(), name_size_}; }
    std::string_view value() const { return {value_.data(), value_size_}; }
    bool cut() const { return cut_; }

private:
    void begin();
    void take(char byte);
    void put(char byte);
    void end_escape();
    bool any() const { return named_ || name_size_ > 0; }

    std::uint16_t name_size_ = 0;
    std::uint16_t value_size_ = 0;
    char digit_ = 0;       // The first one of %XX; 0: it has to come.
    bool escape_ = false;  // Behind a `%`.
    bool named_ = false;   // The `=` has come.
    bool cut_ = false;
    bool told_ = false;  // What there is has been told.
    std::array<char, name_max> name_{};
    std::array<char, value_max> value_{};
};

}  // namespace protocol
