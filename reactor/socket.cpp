#include "reactor/socket.hpp"

#include <cassert>

namespace reactor {

namespace {

struct Setting {
    sys::Option option;
    int value;
};

// The user timeout lies just below idle + interval * count, so that a peer is given up at about
// the same time whether or not bytes are under way.
constexpr Setting client_settings[] = {
    {sys::Option::no_delay, 1},
    {sys::Option::keep_alive, 1},
    {sys::Option::keep_alive_idle_s, 60},
    {sys::Option::keep_alive_interval_s, 15},
    {sys::Option::keep_alive_count, 4},
    {sys::Option::user_timeout_ms, 90'000},
    {sys::Option::unsent_low_water, 64 << 10},
};

// No user timeout: Linux also ends with it who reads all the time, but so slowly that for that long
// there is never room for the whole next segment. A neighbour's silence is noticed by who talks to
// it.
constexpr Setting neighbour_settings[] = {
    {sys::Option::no_delay, 1},
    {sys::Option::keep_alive, 1},
    {sys::Option::keep_alive_idle_s, 2},
    {sys::Option::keep_alive_interval_s, 1},
    {sys::Option::keep_alive_count, 3},
    {sys::Option::send_buffer_size, 256 << 10},
    {sys::Option::unsent_low_water, 16 << 10},
};

}  // namespace

void tune(const Socket& socket, SocketProfile profile) {
    assert(socket.open());
    const auto apply = [&](std::span<const Setting> settings) {
        for (const auto& [option, value] : settings) {
            static_cast<void>(sys::set_option(socket.fd(), option, value));
        }
    };
    if (profile == SocketProfile::client) {
        apply(client_settings);
    } else {
        apply(neighbour_settings);
    }
}

std::string_view peer_text(const Socket& socket, std::span<char> out) {
    const auto address = sys::peer_address(socket.fd());
    return address ? address->text(out) : "nowhere";
}

}  // namespace reactor
