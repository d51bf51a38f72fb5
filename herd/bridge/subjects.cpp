#include "herd/bridge/subjects.hpp"

#include "protocol/text_writer.hpp"

#include <cassert>
#include <span>
#include <utility>

#include <libdeflate.h>

namespace herd::bridge {

namespace {

constexpr std::size_t shard_digits = 2;

}  // namespace

Subjects::Subjects(const config::Bridge& config) : shards_(config.shards) {
    assert(!config.bucket.empty());
    assert(config.bucket.size() <= bucket_size_max);
    protocol::TextWriter prefix(subject_);
    prefix.put("$KV.");
    prefix.put(config.bucket);
    prefix.put('.');
    prefix_ = prefix.size();
    std::array<char, decltype(all_)::size_max> text{};
    protocol::TextWriter writer(text);
    writer.put("KV_");
    writer.put(config.bucket);
    stream_.assign(writer.text());
    writer.shrink(0);
    writer.put(prefix.text());
    writer.put('>');
    all_.assign(writer.text());
    writer.shrink(prefix_);
    writer.put("_.healing");
    healing_.assign(writer.text());
}

Outcome<> Subjects::open() {
    auto sha256 = Sha256::make();
    if (!sha256) return std::unexpected("OpenSSL has no SHA-256, or no memory");
    sha256_ = std::move(*sha256);
    return {};
}

std::uint8_t Subjects::shard_of(std::string_view client) {
    return static_cast<std::uint8_t>(libdeflate_crc32(0, client.data(), client.size()));
}

std::string_view Subjects::of(std::string_view client) {
    const std::uint8_t shard = shard_of(client);
    if (!shards_.has(shard)) return {};
    const std::span<char> tail = std::span(subject_).subspan(prefix_);
    protocol::TextWriter head(tail);
    head.put_hex(shard, shard_digits);
    head.put('.');
    const std::span<char> rest = tail.subspan(head.size());
    std::string_view key = protocol::format_bucket_key(rest, client);
    if (key.empty()) {
        const auto hash = sha256_.of(client);
        if (!hash) return {};
        key = protocol::format_hashed_bucket_key(rest, *hash);
    }
    return {subject_.data(), prefix_ + head.size() + key.size()};
}

bool Subjects::has(std::string_view subject) const {
    if (!subject.starts_with(std::string_view(subject_.data(), prefix_))) return false;
    const auto shard = config::Shards::parse_one(subject.substr(prefix_, shard_digits));
    return shard && shards_.has(*shard);
}

std::string_view Subjects::client_of(std::string_view subject) {
    if (!has(subject) || subject.size() <= prefix_ + shard_digits + 1) return {};
    const auto client =
        protocol::parse_bucket_key(client_, subject.substr(prefix_ + shard_digits + 1));
    return !client.empty() && of(client) == subject ? client : std::string_view();
}

}  // namespace herd::bridge
