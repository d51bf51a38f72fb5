#include "herd/tls/openssl_sealer.hpp"

#include <memory>
#include <utility>

#include <openssl/crypto.h>

namespace herd::tls {

OpensslSealer::OpensslSealer(const std::string& folder,
                             std::string_view name,
                             std::uint32_t channels_max)
    : files_(files_in(folder, name)), channels_max_(channels_max) {}

Outcome<> OpensslSealer::open(std::size_t plain_max) {
    if (auto opened = exchange_.open(plain_max); !opened) return failure("TLS", opened.error());
    auto contexts = read();
    if (!contexts) return std::unexpected(contexts.error());
    contexts_ = std::move(*contexts);
    return {};
}

Outcome<> OpensslSealer::reload() {
    auto contexts = read();
    if (!contexts) return std::unexpected(contexts.error());
    if (const auto believed = (*contexts).peers.believes_itself(); !believed) {
        return failure(files_.certificate, believed.error());
    }
    contexts_ = std::move(*contexts);
    return {};
}

Outcome<OpensslSealer::Contexts> OpensslSealer::read() const {
    auto clients = Context::load(Use::clients, files_);
    if (!clients) return std::unexpected(clients.error());
    auto peers = Context::load(Use::peers, files_);
    if (!peers) return std::unexpected(peers.error());
    auto dialler = Context::load(Use::dialler, files_);
    if (!dialler) return std::unexpected(dialler.error());
    return Contexts{std::move(*clients), std::move(*peers), std::move(*dialler)};
}

void OpensslSealer::leave_thread(void*) {
    OPENSSL_thread_stop();
}

reactor::SealPtr OpensslSealer::dial_peer(std::string_view name) {
    return channel(contexts_.dialler.dial(std::string(name)), channels_max_);
}

reactor::SealPtr OpensslSealer::channel(SslPtr ssl, std::uint32_t max) {
    if (ssl == nullptr) return nullptr;
    if (exchange_.channels() >= max) {
        ++refused_;
        return nullptr;
    }
    auto made = std::make_unique<Channel>(exchange_, std::move(ssl));
    made->renew_keys_after(records_per_key_);
    return made;
}

}  // namespace herd::tls
