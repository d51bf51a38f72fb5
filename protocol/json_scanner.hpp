#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace protocol {

// Takes one JSON text (RFC 8259) apart as it comes, wherever it is cut, in the memory that it has
// itself. Strict, and nothing may be nested deeper than depth_max. Half of a pair of \uXXXX, which
// programs make that cut a text between the two, is U+FFFD. It says what it finds when it finds
// it, so of a text that turns out to be no JSON the beginning has been told already.
//
//   feed() --> a token --> feed(), with what was not consumed ... --> finish() ... --> none |
//   broken
//
// Owned by who feeds it. After `broken` it says nothing else until reset().
class JsonScanner {
public:
    static constexpr std::size_t depth_max = 64;
    static constexpr std::size_t text_max = 512;

    enum class Token : std::uint8_t {
        none,  // more has to come
        object,
        object_end,
        array,
        array_end,
        name,     // of the member that comes: see text()
        text,     // see text()
        number,   // as it was written: see text()
        literal,  // true, false or null: see text()
        broken,   // it is no JSON
    };
    struct Fed {
        std::size_t consumed;
        Token token;
    };

    // Up to the next token.
    Fed feed(std::string_view bytes);
    // Nothing comes any more. A number, perhaps, that ends there: then to be asked once more. None:
    // the text is whole.
    Token finish();
    void reset() { *this = JsonScanner(); }

    // Of the token just told: a name or a text decoded, and no more than text_max bytes of it,
    // which are whole characters. Valid until the next feed().
    std::string_view text() const { return {text_.data(), size_}; }
    // There was more.
    bool cut() const { return cut_; }

private:
    enum class State : std::uint8_t {
        value,        // A value has to come,
        first_value,  // or the end of its array.
        name,         // A name has to come,
        first_name,   // or the end of its object.
        colon,
        comma,  // or the end of what it stands in
        done,
        text,
        escape,  // Behind a backslash.
        digits,  // Of \uXXXX.
        literal,
        broken,
        minus,  // This one and all that follow are within a number.
        zero,
        whole,
        point,
        fraction,
        exponent,
        exponent_sign,
        power,
    };

    // Each takes one byte, or leaves it to the state that it sets.
    struct Step {
        bool taken;
        Token token;
    };
    Step step(char byte);
    Step structure(char byte);
    Step begin_value(char byte);
    Step begin_number(char byte);
    Step open(bool is_object);
    Step close(bool is_object);
    Step in_text(char byte);
    Step in_escape(char byte);
    Step in_digits(char byte);
    Step in_number(char byte);
    State behind_digit(bool zero) const;
    State behind_sign(char byte) const;
    Step in_literal(char byte);
    Step end_text();
    Step take(char byte);
    Step fail();

    bool begins_character(std::uint8_t byte);
    template <auto leaves_state>
    std::size_t take_run(std::string_view bytes);
    void begin_text(State state);
    void put(std::string_view bytes);
    void put_character(std::uint32_t code);
    void end_half();
    State behind_value() const { return depth_ == 0 ? State::done : State::comma; }
    bool in_object() const { return (objects_ >> (depth_ - 1) & 1) != 0; }
    bool number_may_end() const;

    std::uint64_t objects_ = 0;  // Bit by depth: what was opened there is an object.
    std::uint32_t code_ = 0;     // What the digits of \uXXXX say so far.
    std::uint32_t high_ = 0;     // The first half of a pair, whose second may come; 0: none.
    std::uint16_t size_ = 0;
    std::uint8_t depth_ = 0;
    std::uint8_t count_ = 0;  // Digits of \uXXXX, or letters of a literal.
    std::uint8_t left_ = 0;   // Bytes that the character at hand still has; each is then from
    std::uint8_t from_ = 0;   // `from_` to `to_`.
    std::uint8_t to_ = 0;
    State state_ = State::value;
    bool is_name_ = false;
    bool cut_ = false;
    std::array<char, text_max> text_{};  // As far as size_.
};

}  // namespace protocol
