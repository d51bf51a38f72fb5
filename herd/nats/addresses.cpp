#include "herd/nats/addresses.hpp"

#include "protocol/digits.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <string_view>

namespace herd::nats {

namespace {

// "10.0.0.1:4222" or "[::1]:4222", without allocating.
std::optional<reactor::Address> parse(std::string_view url) {
    const std::size_t colon = url.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = url.substr(0, colon);
    const std::string_view port = url.substr(colon + 1);
    const char* const end = port.data() + port.size();
    const protocol::Digits digits = protocol::read_digits(port.data(), end);
    if (port.empty() || port.size() > 5 || digits.end != end) return std::nullopt;
    if (digits.value == 0 || digits.value > UINT16_MAX) return std::nullopt;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return reactor::Address::parse(host, static_cast<std::uint16_t>(digits.value));
}

}  // namespace

Addresses::Addresses(std::span<const reactor::Address> configured)
    : configured_(configured.size()), size_(configured.size()), latest_(configured.front()) {
    assert(!configured.empty());
    assert(configured.size() <= configured_max);
    std::ranges::copy(configured, all_.begin());
}

reactor::Address Addresses::next() {
    assert(turn_ < size_);
    if (begun_ && all_[turn_] == latest_ && has_other()) turn_ = (turn_ + 1) % size_;
    begun_ = true;
    latest_ = all_[turn_];
    turn_ = (turn_ + 1) % size_;
    return latest_;
}

void Addresses::learn(const protocol::nats::BrokerInfo& info) {
    size_ = configured_;
    for (const auto& url : info.urls()) {
        const auto address = parse(url.text());
        if (!address || address->is_wildcard()) continue;
        if (std::ranges::find(all(), *address) == all().end()) all_[size_++] = *address;
    }
    if (turn_ >= size_) turn_ = 0;
}

bool Addresses::has_other() const {
    return std::ranges::any_of(all(), [this](const auto& each) { return each != latest_; });
}

}  // namespace herd::nats
