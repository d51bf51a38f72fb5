#pragma once

#include "herd/tls/exchange.hpp"
#include "reactor/seal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace herd::tls {

struct Release {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, Release>;

// One connection's TLS 1.3, which OpenSSL keeps as a whole: the Seal of this program. Some 14 KB
// while it is idle. Shakes hands on the socket itself; from then on all goes through the Exchange,
// which outlives it.
class Channel final : public reactor::Seal {
public:
    // New keys that the other side may ask for: so many, and one more for each so many calls that
    // brought something. Each costs 30 us.
    static constexpr std::int32_t key_updates_max = 16;
    static constexpr std::uint32_t opens_per_key_update = 16;
    // Records under one key of ours; RFC 8446, 5.5, allows 2^24.5.
    static constexpr std::uint64_t records_per_key = std::uint64_t{1} << 23;

    // `ssl` knows its role, and whom it expects.
    Channel(Exchange& exchange, SslPtr ssl);
    ~Channel() override { --exchange_.channels_; }

    Shaken shake(int fd) override;
    std::string_view refusal() const override { return refusal_; }
    Opened open(std::span<const char> sealed, std::span<char> plain) override;
    std::string_view reply() override { return exchange_.output(); }
    std::string_view seal(std::string_view plain) override;
    std::string_view farewell() override;
    bool proves(std::string_view name) const override;

    // For tests.
    void renew_keys_after(std::uint64_t records) { records_per_key_ = records; }

private:
    static void on_message(int write, int, int type, const void*, std::size_t, SSL*, void* self);
    void attach();
    void renew_keys_when_due(std::size_t plain);

    Exchange& exchange_;
    SslPtr ssl_;  // Null once it is refused.
    std::string refusal_;
    std::uint64_t records_per_key_ = records_per_key;
    std::uint64_t sealed_ = 0;  // Records, under the present key.
    std::uint32_t opened_ = 0;
    std::int32_t key_updates_ = key_updates_max;  // That the other side may still ask for.
    bool attached_ = false;                       // To the exchange; before, to the socket.
    bool broken_ = false;
};

}  // namespace herd::tls
