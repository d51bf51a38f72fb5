#pragma once

#include "protocol/short_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace protocol::nats {

// What a broker says of itself first, and again when it changes.
struct BrokerInfo {
    static constexpr std::size_t urls_max = 16;
    using Url = ShortText<63>;

    ShortText<63> server_id;  // of one run of it
    ShortText<31> version;
    std::uint64_t max_payload = 0;
    bool headers = false;
    bool jetstream = false;
    bool auth_required = false;
    bool tls_required = false;
    bool tls_available = false;
    bool lame_duck = false;  // It is about to end, and asks its clients to go elsewhere.

    // Where else its cluster takes clients: the first of them, as they came, unless too long.
    std::span<const Url> urls() const { return std::span(urls_).first(url_count_); }
    void add_url(std::string_view text) {
        if (url_count_ < urls_max && urls_[url_count_].assign(text)) ++url_count_;
    }

private:
    std::array<Url, urls_max> urls_{};
    std::size_t url_count_ = 0;
};

// Nothing: it is no JSON, or says neither who it is nor how long a message may be.
std::optional<BrokerInfo> parse_info(std::string_view json);

}  // namespace protocol::nats
