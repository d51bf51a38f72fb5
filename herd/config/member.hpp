#pragma once

#include "herd/config/config.hpp"
#include "herd/config/setting.hpp"
#include "reactor/address.hpp"

#include <cstdint>
#include <type_traits>

// How a setting finds what it sets in a Config: by pointers to members.
namespace herd::config {

template <class Value, class Held>
void convert(Held& held, const Value& value) {
    if constexpr (std::is_same_v<Value, Held>) {
        held = value;
    } else {
        held = static_cast<Held>(value);
    }
}

// Config::a, its member b, ...
template <class Value, auto... path>
inline constexpr Member<Value> at = {
    [](const Config& config) { return Value((config.*....*path)); },
    [](Config& config, const Value& value) { convert((config.*....*path), value); }};

template <class Value, auto member>
inline constexpr Member<Value> at_server = {
    [](const Config& config) { return Value(config.servers.back().*member); },
    [](Config& config, const Value& value) { config.servers.back().*member = value; }};

// Of an address that a server need not have.
template <auto member>
inline constexpr Member<reactor::Address> at_port = {
    [](const Config& config) {
        return (config.servers.back().*member).value_or(reactor::Address{});
    },
    [](Config& config, const reactor::Address& value) { config.servers.back().*member = value; }};

template <auto... path>
inline constexpr Member<std::uint64_t> number = at<std::uint64_t, path...>;

template <auto limit>
inline constexpr Member<std::uint64_t> bound = number<&Config::limits, limit>;

}  // namespace herd::config
