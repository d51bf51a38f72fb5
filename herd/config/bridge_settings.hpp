#pragma once

#include "herd/config/member.hpp"
#include "herd/config/setting.hpp"
#include "herd/config/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// The rows of bridges: see settings.hpp.
namespace herd::config {

// In the order of Storage.
inline constexpr std::array<std::string_view, 2> storages = {"memory", "file"};

// Of a bucket: what any client of such buckets takes.
constexpr bool is_bucket_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
    });
}
inline constexpr std::size_t brokers_max = 16;
inline bool are_brokers(std::string_view text) {
    const auto addresses = parse_addresses(text);
    const auto is_one = [](const reactor::Address& each) {
        return each.port != 0 && !each.is_wildcard();
    };
    return addresses && addresses->size() <= brokers_max && std::ranges::all_of(*addresses, is_one);
}
inline bool are_shards(std::string_view text) {
    return Shards::parse(text).has_value();
}
constexpr bool is_login_text(std::string_view text) {
    return text.size() <= 512;
}

inline constexpr Member<std::string> bridge_address = {
    [](const Config& config) { return text_of(config.bridge.addresses); },
    [](Config& config, const std::string& text) {
        config.bridge.addresses = *parse_addresses(text);
    }};
inline constexpr Member<std::string> bridge_shards = {
    [](const Config& config) { return config.bridge.shards.text(); },
    [](Config& config, const std::string& text) { config.bridge.shards = *Shards::parse(text); }};

template <class Value, auto member>
inline constexpr Member<Value> at_bridge = at<Value, &Config::bridge, member>;
template <class Value, auto member>
inline constexpr Member<Value> at_bridge_tls = at<Value, &Config::bridge, &Bridge::tls, member>;

inline constexpr std::array bridge_settings = {
    Setting{Section::root,
            "bridge",
            Object{Section::bridge},
            "What servers marked `bridge` join the herd to: a bucket of NATS JetStream."},
    Setting{Section::bridge,
            "address",
            Text{bridge_address, "up to 16 addresses, with blanks between them", are_brokers},
            "where brokers are; tried in turn"},
    Setting{Section::bridge,
            "bucket",
            Text{at_bridge<std::string, &Bridge::bucket>,
                 "1 to 64 letters, digits, '_' and '-'",
                 is_bucket_name},
            "its name; the stream is KV_<name>"},
    Setting{Section::bridge,
            "shards",
            Text{bridge_shards, "two digits, or two and two: 5a or 00-ff", are_shards},
            "of the 256 parts that clients fall into, those that are bridged"},
    Setting{Section::bridge,
            "create",
            Flag{at_bridge<bool, &Bridge::create>},
            "make the bucket where it is missing"},
    Setting{Section::bridge,
            "storage",
            Choice{at_bridge<std::size_t, &Bridge::storage>, storages},
            "of one that is made: what is lost is published again"},
    Setting{Section::bridge,
            "replicas",
            Whole{at_bridge<std::uint64_t, &Bridge::replicas>, 1, 5, ""},
            "of one that is made, in a cluster of brokers"},
    Setting{Section::bridge,
            "max_bytes",
            Whole{at_bridge<std::uint64_t, &Bridge::max_bytes>, 0, 1ULL << 50, "bytes"},
            "of one that is made; clients beyond that are not bridged; 0: any"},
    Setting{Section::bridge,
            "recreate",
            Flag{at_bridge<bool, &Bridge::recreate>},
            "delete the bucket and make it anew when a hundredth of it is damaged"},
    Setting{Section::bridge,
            "window",
            Whole{at_bridge<std::uint64_t, &Bridge::window>, 16, 65'536, ""},
            "publications that wait for the broker at a time"},
    Setting{Section::bridge,
            "standby_ms",
            Whole{at_bridge<std::uint64_t, &Bridge::standby_ms>, 0, 60'000, "ms"},
            "how long the herd's second bridge waits for the first, the third for both; 0: none "
            "waits"},
    Setting{Section::bridge,
            "user",
            Text{at_bridge<std::string, &Bridge::user>, "at most 512 bytes", is_login_text},
            "whom brokers know the bridge as"},
    Setting{Section::bridge,
            "password_file",
            Text{at_bridge<std::string, &Bridge::password_file>,
                 "the name of a file, or empty for none",
                 is_any},
            "holds that user's password"},
    Setting{Section::bridge,
            "token_file",
            Text{at_bridge<std::string, &Bridge::token_file>,
                 "the name of a file, or empty for none",
                 is_any},
            "holds a token, in place of a user"},
    Setting{Section::bridge,
            "in_the_clear",
            Flag{at_bridge<bool, &Bridge::in_the_clear>},
            "let brokers be on other machines though `tls` is not set: anybody on the way reads, "
            "and writes, everything"},
    Setting{Section::bridge, "tls", Object{Section::bridge_tls}, "How brokers are spoken with."},
    Setting{Section::bridge_tls,
            "authority",
            Text{at_bridge_tls<std::string, &BridgeTls::authority>,
                 "the name of a file, or empty for none",
                 is_any},
            "certificates of who vouches for brokers; without, TLS is not spoken"},
    Setting{Section::bridge_tls,
            "name",
            Text{at_bridge_tls<std::string, &BridgeTls::name>,
                 "the name of a host, or empty for none",
                 is_host_name},
            "that their certificates have"},
    Setting{Section::bridge_tls,
            "certificate",
            Text{at_bridge_tls<std::string, &BridgeTls::certificate>,
                 "the name of a file, or empty for none",
                 is_any},
            "what the bridge shows them of itself"},
    Setting{Section::bridge_tls,
            "key",
            Text{at_bridge_tls<std::string, &BridgeTls::key>,
                 "the name of a file, or empty for none",
                 is_any},
            "to that"},
    Setting{Section::bridge_tls,
            "first",
            Flag{at_bridge_tls<bool, &BridgeTls::first>},
            "they shake hands before they say anything (their handshake_first)"},
};

}  // namespace herd::config
