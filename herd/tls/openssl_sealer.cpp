#include "herd/tls/openssl_sealer.hpp"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <openssl/crypto.h>

namespace herd::tls {

OpensslSealer::OpensslSealer(const std::string& folder,
                             std::string_view name,
                             std::uint32_t channels_max)
    : files_(files_in(folder, name)), name_(name), channels_max_(channels_max) {}

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
    if (const std::string why = doubt((*contexts).peers, name_); !why.empty()) {
        return failure(files_.certificate, why);
    }
    contexts_ = std::move(*contexts);
    return {};
}

std::string OpensslSealer::doubt() const {
    const std::string why = doubt(contexts_.peers, name_);
    return why.empty() ? why : files_.certificate + ": " + why;
}

std::string OpensslSealer::doubt(const Context& shown, const std::string& name) {
    if (const auto believed = shown.believes_itself(); !believed) return believed.error();
    if (shown.is_for(name)) return {};
    return "has not DNS:" + name + " among its alternative names";
}

Outcome<OpensslSealer::Contexts> OpensslSealer::read() const {
    for (const std::string& file : {files_.authority, files_.certificate, files_.key}) {
        std::error_code ignored;
        if (std::filesystem::exists(file, ignored) || ignored) continue;
        return failure(file, "is not there; `herd keys` makes it");
    }
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
