#include "protocol/digits.hpp"

#include "protocol/words.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <charconv>
#include <random>
#include <string>

namespace protocol {
namespace {

// Texts of digits with anything else between them, the shorter ones more often.
std::string random_text(std::mt19937& random) {
    std::string text(random() % 24, '0');
    for (char& byte : text) {
        byte = random() % 8 == 0 ? static_cast<char>(random())
                                 : static_cast<char>('0' + random() % 10);
    }
    return text;
}

std::size_t digits_of(const std::string& text) {
    const auto is_other = [](char byte) { return byte < '0' || byte > '9'; };
    return static_cast<std::size_t>(std::ranges::find_if(text, is_other) - text.begin());
}

TEST_CASE("digits: the run at the front and its value, as one by one", "[protocol][digits]") {
    std::mt19937 random(7);
    for (int i = 0; i < 100'000; ++i) {
        const std::string text = random_text(random);
        const std::size_t count = digits_of(text);
        const char* const end = text.data() + text.size();
        CHECK(skip_digits(text.data(), end) == text.data() + count);
        const Digits read = read_digits(text.data(), end);
        CHECK(read.end == text.data() + count);
        std::uint64_t value = 0;
        std::from_chars(text.data(), text.data() + count, value);
        if (count <= 19) CHECK(read.value == value);
    }
}

TEST_CASE("words: of all bytes at each place, those above a blank and the digits are told",
          "[protocol][words]") {
    for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t place = 0; place < 8; ++place) {
            // What stands behind may not be told from anything.
            for (const char behind : {'5', 'z', '\0', '\xff'}) {
                std::string text = std::string(place, '5') + static_cast<char>(byte);
                text.resize(8, behind);
                const bool is_digit = byte >= '0' && byte <= '9';
                const auto at_least = static_cast<std::ptrdiff_t>(place + (is_digit ? 1 : 0));
                const auto digits = words::front_digits(words::load(text.data()));
                CHECK((is_digit ? digits >= at_least : digits == at_least));
                const bool above = byte > ' ';
                const auto front = words::front_above(words::load(text.data()), ' ');
                const auto least = static_cast<std::ptrdiff_t>(place + (above ? 1 : 0));
                CHECK((above ? front >= least : front == least));
            }
        }
    }
}

TEST_CASE("words: eight digits there and back", "[protocol][words]") {
    std::mt19937 random(8);
    for (int i = 0; i < 100'000; ++i) {
        const auto number = static_cast<std::uint32_t>(random() % 100'000'000);
        const std::uint64_t word = words::eight_digits(number);
        CHECK(words::all_digits(word));
        CHECK(words::digits_value(word, 8) == number);
        std::string text = std::to_string(number);
        text.insert(0, 8 - text.size(), '0');
        CHECK(words::load(text.data()) == word);
        const auto count = static_cast<std::ptrdiff_t>(1 + random() % 8);
        std::uint64_t front = 0;
        std::from_chars(text.data(), text.data() + count, front);
        CHECK(words::digits_value(word, count) == front);
    }
}

}  // namespace
}  // namespace protocol
