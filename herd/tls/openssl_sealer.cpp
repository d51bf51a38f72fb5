#include "herd/tls/openssl_sealer.hpp"

#include "herd/tls/channel.hpp"

#include <memory>
#include <utility>

namespace herd::tls {

OpensslSealer::OpensslSealer(const std::string& folder,
                             std::string_view name,
                             std::uint32_t channels_max)
    : files_(files_in(folder, name)), channels_max_(channels_max) {}

Outcome<> OpensslSealer::open(std::size_t plain_max) {
    if (auto opened = exchange_.open(plain_max); !opened) return failure("TLS", opened.error());
    return reload();
}

Outcome<> OpensslSealer::reload() {
    auto clients = Context::load(Use::clients, files_);
    if (!clients) return std::unexpected(clients.error());
    auto peers = Context::load(Use::peers, files_);
    if (!peers) return std::unexpected(peers.error());
    auto dialler = Context::load(Use::dialler, files_);
    if (!dialler) return std::unexpected(dialler.error());
    clients_ = std::move(*clients);
    peers_ = std::move(*peers);
    dialler_ = std::move(*dialler);
    return {};
}

reactor::SealPtr OpensslSealer::dial_peer(std::string_view name) {
    return channel(dialler_.dial(std::string(name)));
}

reactor::SealPtr OpensslSealer::channel(SslPtr ssl) {
    if (ssl == nullptr) return nullptr;
    if (exchange_.channels() >= channels_max_) {
        ++refused_;
        return nullptr;
    }
    return std::make_unique<Channel>(exchange_, std::move(ssl));
}

}  // namespace herd::tls
