// Outputs of TFLite's own reference kernels (ai-edge-litert 2.3.0, BUILTIN_REF), frozen as 32-bit FNV-1a hashes.
#pragma once
#include <cstdint>
#include <span>

namespace oracle {

inline std::uint32_t fnv1a(std::span<const std::int8_t> bytes) {
  std::uint32_t h = 0x811c9dc5u;
  for (const auto b : bytes) h = (h ^ static_cast<std::uint8_t>(b)) * 0x01000193u;
  return h;
}

/// One operator on the inputs -128 ... 127.
struct FrozenTable {
  const char* stem;
  float in_scale;
  int in_zero_point;
  float out_scale;
  int out_zero_point;
  float alpha;  ///< of leaky_relu
  std::uint32_t hash;
};
// clang-format off
inline constexpr FrozenTable kFrozenTables[] = {
    {"logistic", 0.339157f, -123, 0.00390625f, -128, 0.0f, 0xdb40d9c5u},
    {"logistic", 0.0680437f, 78, 0.00390625f, -128, 0.0f, 0xf4888811u},
    {"logistic", 0.0190563f, 122, 0.00390625f, -128, 0.0f, 0xc613222cu},
    {"logistic", 0.0327344f, -115, 0.00390625f, -128, 0.0f, 0xe7810ac3u},
    {"logistic", 0.0376237f, -95, 0.00390625f, -128, 0.0f, 0x5b1a893bu},
    {"logistic", 0.00511894f, -117, 0.00390625f, -128, 0.0f, 0x8a564bc8u},
    {"logistic", 0.995442f, -80, 0.00390625f, -128, 0.0f, 0xcd23d9f8u},
    {"logistic", 0.0143389f, 39, 0.00390625f, -128, 0.0f, 0x83770326u},
    {"tanh", 0.0435731f, -61, 0.0078125f, 0, 0.0f, 0x35a8c16au},
    {"tanh", 0.567f, 121, 0.0078125f, 0, 0.0f, 0xcb1795c8u},
    {"tanh", 0.421571f, -99, 0.0078125f, 0, 0.0f, 0xcf9220f4u},
    {"tanh", 0.0601281f, -28, 0.0078125f, 0, 0.0f, 0x67404fdbu},
    {"tanh", 0.166491f, 41, 0.0078125f, 0, 0.0f, 0xe9a759fdu},
    {"tanh", 0.0850685f, -113, 0.0078125f, 0, 0.0f, 0xdab9d35du},
    {"tanh", 0.0175987f, -36, 0.0078125f, 0, 0.0f, 0x9c6e75c8u},
    {"tanh", 0.00557704f, 97, 0.0078125f, 0, 0.0f, 0x7d8ae6bfu},
    {"relu", 0.168808f, -97, 0.0137783997f, 94, 0.0f, 0x300bbf48u},
    {"relu", 0.560034f, 98, 0.0043286602f, 95, 0.0f, 0x356e3c25u},
    {"relu", 0.197505f, 69, 0.0636767969f, -128, 0.0f, 0x05f80a6cu},
    {"relu", 0.0439905f, 110, 0.0236754995f, -76, 0.0f, 0x8a7589f4u},
    {"relu6", 0.341444f, -89, 0.00892649032f, -47, 0.0f, 0x575e9cceu},
    {"relu6", 0.187908f, 20, 0.327942997f, -14, 0.0f, 0xeb60aaf5u},
    {"relu6", 0.0144192f, -113, 0.329656988f, -47, 0.0f, 0xe624990fu},
    {"relu6", 0.0649983f, -54, 0.0144734997f, 1, 0.0f, 0x5987ce67u},
    {"relu_n1_to_1", 0.00423416f, -48, 0.00628707977f, 110, 0.0f, 0x6bb38b5du},
    {"relu_n1_to_1", 0.423201f, -12, 0.762170017f, -34, 0.0f, 0xa032ca34u},
    {"relu_n1_to_1", 0.0357826f, -75, 0.0853348002f, 111, 0.0f, 0xb93773edu},
    {"relu_n1_to_1", 0.0147932f, -48, 0.164380997f, 61, 0.0f, 0x863e6fe9u},
    {"abs", 0.173576f, 37, 0.0133696999f, -10, 0.0f, 0x1aad4752u},
    {"abs", 0.136552f, 39, 0.181466997f, -101, 0.0f, 0x89bff6b6u},
    {"abs", 0.132411f, 110, 0.327187002f, -32, 0.0f, 0xf8bda981u},
    {"abs", 0.0114557f, -79, 0.326119006f, -29, 0.0f, 0xde41ebb7u},
    {"rsqrt", 0.0322134f, -128, 0.0481963009f, -101, 0.0f, 0x0be83f9du},
    {"rsqrt", 0.720968f, -128, 0.00470787007f, 28, 0.0f, 0xff7f2ddau},
    {"rsqrt", 0.216046f, -128, 0.0142778f, -100, 0.0f, 0x3128533bu},
    {"rsqrt", 0.203503f, -128, 0.0132114999f, -89, 0.0f, 0xc64743edu},
    {"rsqrt", 0.0361416f, -128, 0.0709083006f, 37, 0.0f, 0x9158b137u},
    {"rsqrt", 0.794536f, -128, 0.0290926006f, -6, 0.0f, 0xffcd4ba9u},
    {"rsqrt", 0.0363142f, -128, 0.327140003f, 74, 0.0f, 0x1b1f0f9bu},
    {"rsqrt", 0.129542f, -128, 0.0129977996f, -21, 0.0f, 0x3cb4530eu},
    {"exp", 0.0266639f, 20, 0.121198997f, -45, 0.0f, 0xa08e19f9u},
    {"exp", 0.00577095f, 84, 0.0120823001f, 82, 0.0f, 0x8623ac30u},
    {"exp", 0.00906986f, -41, 0.0843280032f, -110, 0.0f, 0xc0433db9u},
    {"exp", 0.0218897f, 18, 0.0336891003f, -93, 0.0f, 0x31ba1d0cu},
    {"log", 0.0163466f, -128, 0.0434448011f, 0, 0.0f, 0xf0964d2bu},
    {"log", 0.00704149f, -128, 0.0942820013f, 13, 0.0f, 0x70657645u},
    {"log", 0.0183201f, -128, 0.0395925008f, -49, 0.0f, 0x8747b37eu},
    {"log", 0.00396617f, -128, 0.0234459005f, -114, 0.0f, 0x460c9917u},
    {"leaky_relu", 0.0259774f, -68, 0.542549014f, 109, 0.461002f, 0xd41e1384u},
    {"leaky_relu", 0.048633f, -125, 0.456928015f, 42, 0.174595f, 0xf53c0c8bu},
    {"leaky_relu", 0.318472f, 8, 0.105288997f, -26, 0.974934f, 0x598b07e6u},
    {"leaky_relu", 0.0629721f, -77, 0.186663002f, 48, -0.488575f, 0x85033a20u},
    {"leaky_relu", 0.00485109f, 77, 0.0127715999f, -90, -0.0935708f, 0xf1e1bf7fu},
    {"leaky_relu", 0.00512485f, 123, 0.109392002f, -73, 1.27215f, 0x6d8557bbu},
    {"hard_swish", 0.0212931f, -26, 0.0112826005f, -35, 0.0f, 0x01dd64bcu},
    {"hard_swish", 0.106019f, -93, 0.345602006f, 73, 0.0f, 0x1fc372e5u},
    {"hard_swish", 0.024179f, 95, 0.00987549033f, 52, 0.0f, 0x0c16d464u},
    {"hard_swish", 0.212865f, -22, 0.544528008f, -69, 0.0f, 0xc5d59246u},
    {"hard_swish", 0.0453026f, -35, 0.0361641012f, 57, 0.0f, 0xff6e2d49u},
    {"hard_swish", 0.018109f, 20, 0.00269611995f, -2, 0.0f, 0x35f61c92u},
    {"hard_swish", 0.00481232f, 122, 0.00314400997f, 7, 0.0f, 0xc49fe28du},
    {"hard_swish", 0.222513f, 88, 0.191627994f, -123, 0.0f, 0x196340adu},
};
// clang-format on

/// Softmax of Random(seed).int8s({rows, depth}); zero point 3.
struct FrozenSoftmax {
  std::uint64_t seed;
  int rows, depth;
  float scale, beta;
  std::uint32_t hash;
};
// clang-format off
inline constexpr FrozenSoftmax kFrozenSoftmax[] = {
    {100, 3, 10, 0.1f, 1.0f, 0x6c39e333u},
    {101, 2, 12, 0.584703f, 1.0f, 0xaeb9ed48u},
    {102, 4, 2, 0.0039f, 1.0f, 0x38c712f9u},
    {103, 1, 1000, 0.05f, 1.0f, 0xd71b7efcu},
    {104, 5, 1, 0.3f, 1.0f, 0xfbd6144au},
    {105, 2, 500, 0.9f, 1.0f, 0xad9baec3u},
    {106, 3, 7, 0.02f, 2.0f, 0x6becb236u},
    {107, 2, 100, 0.0078f, 0.5f, 0x878a86b7u},
};
// clang-format on

/// L2_NORMALIZATION on Random(seed).int8s({rows, depth}).
struct FrozenL2 {
  std::uint64_t seed;
  int rows, depth, zero_point;
  std::uint32_t hash;
};
inline constexpr FrozenL2 kFrozenL2[] = {{71, 20, 16, 3, 0x64a463dcu},
                                         {72, 9, 1, -128, 0x78fc4f86u},
                                         {73, 6, 129, 127, 0xb2d535b3u},
                                         {74, 2, 5000, -7, 0x6086bab9u},
                                         {75, 40, 3, 0, 0x79d2547fu}};

}  // namespace oracle
