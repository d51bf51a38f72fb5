#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// What a server says to who follows something, under the number that names it on the connection.
// Each with its newline.
namespace protocol {

// What either of the next two has at most.
std::size_t follow_answer_size(std::string_view server);
// "FOLLOW Goloman 7": it begins, or begins anew: what was told before under that number is void.
std::string_view format_follow(std::span<char> out, std::string_view server, std::uint16_t number);
// "UNFOLLOW Goloman 7": it is over.
std::string_view format_unfollow(std::span<char> out,
                                 std::string_view server,
                                 std::uint16_t number);

// "NOW 7 AT Goloman ...": a client that is followed, or is in the area, has changed.
std::size_t now_size(std::uint16_t number, std::string_view at_line);
std::string_view format_now(std::span<char> out, std::uint16_t number, std::string_view at_line);

// "GONE 7 ", which the client and the newline follow: it has left the area, or has expired.
inline constexpr std::size_t gone_head_size_max = 11;
std::string_view format_gone_head(std::span<char> out, std::uint16_t number);

}  // namespace protocol
