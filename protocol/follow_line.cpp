#include "protocol/follow_line.hpp"

#include "protocol/text_writer.hpp"

#include <cassert>

namespace protocol {

namespace {

constexpr std::size_t number_size_max = 5;

std::size_t digits(std::uint16_t number) {
    std::size_t count = 1;
    for (; number > 9; number = static_cast<std::uint16_t>(number / 10)) ++count;
    return count;
}

std::string_view write(std::span<char> out,
                       std::string_view word,
                       std::string_view server,
                       std::uint16_t number) {
    TextWriter writer(out);
    writer.put(word);
    writer.put(server);
    writer.put(' ');
    writer.put_decimal(number);
    writer.put('\n');
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace

std::size_t follow_answer_size(std::string_view server) {
    return std::string_view("UNFOLLOW  \n").size() + server.size() + number_size_max;
}

std::string_view format_follow(std::span<char> out, std::string_view server, std::uint16_t number) {
    return write(out, "FOLLOW ", server, number);
}

std::string_view format_unfollow(std::span<char> out,
                                 std::string_view server,
                                 std::uint16_t number) {
    return write(out, "UNFOLLOW ", server, number);
}

std::size_t now_size(std::uint16_t number, std::string_view at_line) {
    return std::string_view("NOW  \n").size() + digits(number) + at_line.size();
}

std::string_view format_now(std::span<char> out, std::uint16_t number, std::string_view at_line) {
    assert(out.size() >= now_size(number, at_line));
    TextWriter writer(out);
    writer.put("NOW ");
    writer.put_decimal(number);
    writer.put(' ');
    writer.put(at_line);
    writer.put('\n');
    return writer.text();
}

std::string_view format_gone_head(std::span<char> out, std::uint16_t number) {
    assert(out.size() >= gone_head_size_max);
    TextWriter writer(out);
    writer.put("GONE ");
    writer.put_decimal(number);
    writer.put(' ');
    return writer.text();
}

}  // namespace protocol
