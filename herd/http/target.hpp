#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::http {

// The absolute form of a target, as to a proxy, is legal to send to anybody: what stands behind the
// host of one.
std::string_view without_origin(std::string_view target);

// A part of a path, decoded: a view of `out`, which has room for as many bytes as `path` has.
std::string_view decode_path(std::span<char> out, std::string_view path);

// A request's target taken apart: its path, as sent, and the parameters of its query, decoded. Has
// room for any target that a RequestParser lets pass; reused from one request to the next.
// Parameters beyond the first `parameters_max` are ignored.
class Target {
public:
    static constexpr std::size_t parameters_max = 32;
    static constexpr std::size_t size_max = 8192;

    // Views of what was parsed before are invalid from now on. At most size_max bytes.
    void parse(std::string_view target);

    std::string_view path() const { return {text_.data(), path_size_}; }
    // The first parameter of that name.
    std::optional<std::string_view> find(std::string_view name) const;

private:
    struct Piece {
        std::uint16_t begin, size;
    };
    struct Parameter {
        Piece name, value;
    };

    void add_parameter(std::string_view text);
    Piece decode(std::string_view text);
    std::string_view view(Piece piece) const { return {text_.data() + piece.begin, piece.size}; }

    std::array<char, size_max> text_{};  // Path, names and values, one behind the other.
    std::size_t size_ = 0;
    std::size_t path_size_ = 0;
    std::array<Parameter, parameters_max> parameters_{};
    std::size_t parameter_count_ = 0;
};

}  // namespace herd::http
