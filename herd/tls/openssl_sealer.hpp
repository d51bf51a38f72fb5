#pragma once

#include "herd/outcome.hpp"
#include "herd/sealing.hpp"
#include "herd/tls/channel.hpp"
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
    // `folder` and `name`: ca.crt, NAME.crt and NAME.key are there. `channels_max` at a time, an
    // eighth of which no client takes.
    OpensslSealer(const std::string& folder, std::string_view name, std::uint32_t channels_max);

    // Once, first. `plain_max`: as in Exchange.
    Outcome<> open(std::size_t plain_max);
    // Reads the files again; when one is wrong, or holds what its own authority would not believe
    // now, all stays as it is.
    Outcome<> reload();
    // Why neighbours would not believe this server, by what it would itself; empty: they would.
    std::string doubt() const;

    reactor::SealPtr accept_client() override {
        return channel(contexts_.clients.accept(), clients_max());
    }
    bool has_room_for_client() const override { return exchange_.channels() < clients_max(); }
    reactor::SealPtr accept_peer() override {
        return channel(contexts_.peers.accept(), channels_max_);
    }
    reactor::SealPtr dial_peer(std::string_view name) override;

    // What this thread's handshakes have left behind is let go of: not by the end of a thread,
    // which nobody waits for.
    static void leave_thread(void*);

    std::int64_t expires_s() const override { return contexts_.peers.expires_s(); }
    std::uint64_t refused() const override { return refused_; }

    // Of seals that are made from now on. For tests.
    void renew_keys_after(std::uint64_t records) { records_per_key_ = records; }

private:
    struct Contexts {
        Context clients;
        Context peers;
        Context dialler;
    };

    Outcome<Contexts> read() const;
    std::uint32_t clients_max() const { return channels_max_ - channels_max_ / 8; }
    reactor::SealPtr channel(SslPtr ssl, std::uint32_t max);

    static std::string doubt(const Context& shown, const std::string& name);

    const Files files_;
    const std::string name_;
    const std::uint32_t channels_max_;
    std::uint64_t refused_ = 0;
    std::uint64_t records_per_key_ = Channel::records_per_key;
    Exchange exchange_;
    Contexts contexts_;
};

}  // namespace herd::tls
