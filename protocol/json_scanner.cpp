#include "protocol/json_scanner.hpp"

#include "protocol/digits.hpp"
#include "protocol/hex.hpp"

#include <array>
#include <cassert>
#include <cstring>

namespace protocol {

namespace {

constexpr std::uint32_t high_first = 0xd800;  // of pairs that stand for one character
constexpr std::uint32_t low_first = 0xdc00;
constexpr std::uint32_t low_last = 0xdfff;
constexpr std::uint32_t pairs_first = 0x1'0000;
constexpr std::uint32_t replacement_code = 0xfffd;

bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// What stands in a text for itself, by its value.
constexpr std::array<bool, 256> plain_bytes = [] {
    std::array<bool, 256> table{};
    for (std::size_t value = ' '; value < 0x80; ++value) {
        table[value] = value != '"' && value != '\\';
    }
    return table;
}();

bool is_plain(char byte) {
    return plain_bytes[static_cast<std::uint8_t>(byte)];
}

// The word that begins so; empty: none does.
std::string_view literal_of(char byte) {
    switch (byte) {
        case 't':
            return "true";
        case 'f':
            return "false";
        case 'n':
            return "null";
        default:
            return {};
    }
}

// What a letter behind a backslash stands for; 0: nothing.
char escaped(char byte) {
    switch (byte) {
        case '"':
        case '\\':
        case '/':
            return byte;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return 0;
    }
}

bool is_continuation(char byte) {
    return (static_cast<std::uint8_t>(byte) & 0xc0) == 0x80;
}

}  // namespace

// As many as there are that leave the state as it is. They are most of what comes.
template <auto leaves_state>
std::size_t JsonScanner::take_run(std::string_view bytes) {
    std::size_t size = 0;
    while (size < bytes.size() && leaves_state(bytes[size])) ++size;
    if (size > 0) put(bytes.substr(0, size));
    return size;
}

JsonScanner::Fed JsonScanner::feed(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (state_ == State::text && left_ == 0 && high_ == 0) {
            at += take_run<is_plain>(bytes.substr(at));
        } else if (state_ == State::whole || state_ == State::fraction) {
            at += take_run<is_digit>(bytes.substr(at));
        }
        if (at == bytes.size()) break;
        const Step made = step(bytes[at]);
        if (made.taken) ++at;
        if (made.token != Token::none) return {at, made.token};
    }
    return {at, Token::none};
}

JsonScanner::Token JsonScanner::finish() {
    if (number_may_end()) {
        state_ = behind_value();
        return Token::number;
    }
    return state_ == State::done ? Token::none : fail().token;
}

JsonScanner::Step JsonScanner::step(char byte) {
    if (state_ == State::text) return in_text(byte);
    if (state_ == State::escape) return in_escape(byte);
    if (state_ == State::digits) return in_digits(byte);
    if (state_ == State::literal) return in_literal(byte);
    if (state_ == State::broken) return fail();
    if (state_ >= State::minus) return in_number(byte);
    if (is_blank(byte)) return {true, Token::none};
    return structure(byte);
}

JsonScanner::Step JsonScanner::structure(char byte) {
    if (state_ == State::first_value && byte == ']') return close(false);
    if (state_ == State::first_value || state_ == State::value) return begin_value(byte);
    if (state_ == State::first_name && byte == '}') return close(true);
    if (state_ == State::first_name || state_ == State::name) {
        if (byte != '"') return fail();
        is_name_ = true;
        begin_text(State::text);
        return {true, Token::none};
    }
    if (state_ == State::colon && byte == ':') {
        state_ = State::value;
        return {true, Token::none};
    }
    if (state_ != State::comma) return fail();
    if (byte == '}' || byte == ']') return close(byte == '}');
    if (byte != ',') return fail();
    state_ = in_object() ? State::name : State::value;
    return {true, Token::none};
}

JsonScanner::Step JsonScanner::begin_value(char byte) {
    if (byte == '{' || byte == '[') return open(byte == '{');
    if (byte == '"') {
        is_name_ = false;
        begin_text(State::text);
        return {true, Token::none};
    }
    if (byte == '-' || is_digit(byte)) return begin_number(byte);
    if (literal_of(byte).empty()) return fail();
    begin_text(State::literal);
    put({&byte, 1});
    return {true, Token::none};
}

JsonScanner::Step JsonScanner::open(bool is_object) {
    if (depth_ == depth_max) return fail();
    const std::uint64_t bit = std::uint64_t{1} << depth_++;
    objects_ = is_object ? objects_ | bit : objects_ & ~bit;
    state_ = is_object ? State::first_name : State::first_value;
    return {true, is_object ? Token::object : Token::array};
}

JsonScanner::Step JsonScanner::close(bool is_object) {
    if (in_object() != is_object) return fail();
    --depth_;
    state_ = behind_value();
    return {true, is_object ? Token::object_end : Token::array_end};
}

// Texts ----------------------------------------------------------------------------------------

void JsonScanner::begin_text(State state) {
    state_ = state;
    size_ = 0;
    cut_ = false;
    high_ = 0;
}

void JsonScanner::put(std::string_view bytes) {
    const std::string_view kept = bytes.substr(0, cut_ ? 0 : text_max - size_);
    // A null view of no bytes is legal, a null memcpy is not.
    if (!kept.empty()) std::memcpy(text_.data() + size_, kept.data(), kept.size());
    size_ = static_cast<std::uint16_t>(size_ + kept.size());
    cut_ = cut_ || kept.size() < bytes.size();
}

JsonScanner::Step JsonScanner::take(char byte) {
    put({&byte, 1});
    return {true, Token::none};
}

JsonScanner::Step JsonScanner::in_text(char byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    if (byte != '\\') end_half();
    if (left_ > 0) {
        if (value < from_ || value > to_) return fail();
        --left_;
        from_ = 0x80;
        to_ = 0xbf;
    } else if (byte == '"') {
        return end_text();
    } else if (byte == '\\') {
        state_ = State::escape;
        return {true, Token::none};
    } else if (!begins_character(value)) {
        return is_plain(byte) ? take(byte) : fail();
    }
    return take(byte);
}

// Of a character that UTF-8 has in several bytes; no longer form than need be, no half of a pair,
// and none beyond the last one there is.
bool JsonScanner::begins_character(std::uint8_t byte) {
    from_ = 0x80;
    to_ = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
        left_ = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        left_ = 2;
        if (byte == 0xe0) from_ = 0xa0;
        if (byte == 0xed) to_ = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        left_ = 3;
        if (byte == 0xf0) from_ = 0x90;
        if (byte == 0xf4) to_ = 0x8f;
    } else {
        return false;
    }
    return true;
}

// Where it was cut, it may have been within a character.
JsonScanner::Step JsonScanner::end_text() {
    if (cut_) {
        std::size_t begin = size_;
        while (begin > 0 && is_continuation(text_[begin - 1])) --begin;
        const std::size_t tail = size_ - begin;
        const auto head = begin > 0 ? static_cast<std::uint8_t>(text_[begin - 1]) : 0;
        const std::size_t whole = head < 0xc0 ? 0U : head < 0xe0 ? 1U : head < 0xf0 ? 2U : 3U;
        if (tail != whole) size_ = static_cast<std::uint16_t>(begin - 1);
    }
    state_ = is_name_ ? State::colon : behind_value();
    return {true, is_name_ ? Token::name : Token::text};
}

JsonScanner::Step JsonScanner::in_escape(char byte) {
    if (byte == 'u') {
        state_ = State::digits;
        code_ = 0;
        count_ = 0;
        return {true, Token::none};
    }
    end_half();
    const char meant = escaped(byte);
    if (meant == 0) return fail();
    put({&meant, 1});
    state_ = State::text;
    return {true, Token::none};
}

JsonScanner::Step JsonScanner::in_digits(char byte) {
    const int value = hex_value(byte);
    if (value < 0) return fail();
    code_ = code_ << 4 | static_cast<std::uint32_t>(value);
    if (++count_ < 4) return {true, Token::none};
    state_ = State::text;
    const bool is_low = code_ >= low_first && code_ <= low_last;
    if (is_low && high_ != 0) {
        code_ = pairs_first + ((high_ - high_first) << 10) + (code_ - low_first);
        high_ = 0;
    } else if (is_low) {
        code_ = replacement_code;
    }
    end_half();
    if (code_ >= high_first && code_ < low_first) {
        high_ = code_;
    } else {
        put_character(code_);
    }
    return {true, Token::none};
}

// A first half that no second one follows.
void JsonScanner::end_half() {
    if (high_ != 0) put_character(replacement_code);
    high_ = 0;
}

void JsonScanner::put_character(std::uint32_t code) {
    const auto tail = [code](int shift) {
        return static_cast<char>(0x80 | (code >> shift & 0x3f));
    };
    const auto head = [code](int shift, unsigned mark) {
        return static_cast<char>(mark | code >> shift);
    };
    std::array<char, 4> bytes{};
    std::size_t size = 0;
    if (code < 0x80) {
        bytes = {head(0, 0)};
        size = 1;
    } else if (code < 0x800) {
        bytes = {head(6, 0xc0), tail(0)};
        size = 2;
    } else if (code < pairs_first) {
        bytes = {head(12, 0xe0), tail(6), tail(0)};
        size = 3;
    } else {
        bytes = {head(18, 0xf0), tail(12), tail(6), tail(0)};
        size = 4;
    }
    put({bytes.data(), size});
}

// Numbers and words ----------------------------------------------------------------------------

JsonScanner::Step JsonScanner::begin_number(char byte) {
    begin_text(byte == '-' ? State::minus : byte == '0' ? State::zero : State::whole);
    put({&byte, 1});
    return {true, Token::none};
}

bool JsonScanner::number_may_end() const {
    return state_ == State::zero || state_ == State::whole || state_ == State::fraction ||
           state_ == State::power;
}

// What a number is behind one more byte; broken: it is not the number's.
JsonScanner::State JsonScanner::behind_digit(bool zero) const {
    if (state_ == State::minus) return zero ? State::zero : State::whole;
    if (state_ == State::zero) return State::broken;
    if (state_ == State::whole) return State::whole;
    return state_ == State::point || state_ == State::fraction ? State::fraction : State::power;
}

JsonScanner::State JsonScanner::behind_sign(char byte) const {
    const bool whole = state_ == State::zero || state_ == State::whole;
    if (byte == '.' && whole) return State::point;
    if ((byte == 'e' || byte == 'E') && (whole || state_ == State::fraction)) {
        return State::exponent;
    }
    const bool is_sign = byte == '+' || byte == '-';
    return is_sign && state_ == State::exponent ? State::exponent_sign : State::broken;
}

JsonScanner::Step JsonScanner::in_number(char byte) {
    const State next = is_digit(byte) ? behind_digit(byte == '0') : behind_sign(byte);
    if (next != State::broken) {
        state_ = next;
        return take(byte);
    }
    if (!number_may_end()) return fail();
    state_ = behind_value();
    return {false, Token::number};
}

JsonScanner::Step JsonScanner::in_literal(char byte) {
    const std::string_view word = literal_of(text_[0]);
    assert(size_ < word.size());
    if (byte != word[size_]) return fail();
    put({&byte, 1});
    if (size_ < word.size()) return {true, Token::none};
    state_ = behind_value();
    return {true, Token::literal};
}

JsonScanner::Step JsonScanner::fail() {
    state_ = State::broken;
    size_ = 0;
    return {false, Token::broken};
}

}  // namespace protocol
