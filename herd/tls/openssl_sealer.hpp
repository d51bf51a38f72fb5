#pragma once

#include "herd/outcome.hpp"
#include "herd/sealing.hpp"
#include "herd/tls/context.hpp"
#include "herd/tls/exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace herd::tls {

// The Sealer of this program: TLS 1.3 by OpenSSL, with the files that `herd keys` makes. Outlives
// the connections. What was read anew holds for those that come after.
class OpensslSealer final : public Sealer {
public:
    // `folder` and `name`: ca.crt, NAME.crt and NAME.key are there. `channels_max` at a time.
    OpensslSealer(const std::string& folder, std::string_view name, std::uint32_t channels_max);

    // Once, first. `plain_max`: as in Exchange.
    Outcome<> open(std::size_t plain_max);
    // Reads the files again; when one is wrong, all stays as it is.
    Outcome<> reload();

    reactor::SealPtr accept_client() override { return channel(clients_.accept()); }
    reactor::SealPtr accept_peer() override { return channel(peers_.accept()); }
    reactor::SealPtr dial_peer(std::string_view name) override;

    std::int64_t expires_s() const override { return peers_.expires_s(); }
    std::uint64_t refused() const override { return refused_; }

private:
    reactor::SealPtr channel(SslPtr ssl);

    const Files files_;
    const std::uint32_t channels_max_;
    std::uint64_t refused_ = 0;
    Exchange exchange_;
    Context clients_;
    Context peers_;
    Context dialler_;
};

}  // namespace herd::tls
