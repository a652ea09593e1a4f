// Small float graphs, one or more for every operator, quantized by the test on made-up samples.
#pragma once

namespace tinyc {

struct SmallModel {
  const char* name;
  const char* text;
};

/// Nets whose layers run row by row where RAM counts most: a chain with a pool, and ways around convolutions.
inline constexpr SmallModel kRowModels[] = {
    {"rows_chain",
     "%x = input f32[1,25,10,1] %a = conv_2d(%x, random(1) f32[20,5,3,1], random(2) f32[20]) pad=2,2,1,1 stride=1,2 "
     "%b = depthwise_conv_2d(%a, random(3) f32[1,3,3,20], random(4) f32[20]) pad=1,1,1,1 act=relu "
     "%c = conv_2d(%b, random(5) f32[22,1,1,20], random(6) f32[22]) "
     "%d = depthwise_conv_2d(%c, random(7) f32[1,3,3,22], random(8) f32[22]) pad=1,1,1,1 stride=2,1 "
     "%e = conv_2d(%d, random(9) f32[21,1,1,22], random(10) f32[21]) act=relu %f = mean(%e) axes=[1,2] "
     "%y = fully_connected(%f, random(11) f32[5,21], random(12) f32[5]) output %y"},
    {"rows_residual",
     "%x = input f32[1,32,16,3] %a = conv_2d(%x, random(1) f32[12,3,3,3], random(2) f32[12]) pad=1,1,1,1 act=relu "
     "%b = conv_2d(%a, random(3) f32[12,3,3,12], random(4) f32[12]) pad=1,1,1,1 %c = add(%b, %a) act=relu "
     "%d = conv_2d(%c, random(5) f32[16,3,3,12], random(6) f32[16]) pad=0,1,0,1 stride=2,2 "
     "%e = conv_2d(%c, random(7) f32[16,1,1,12], random(8) f32[16]) stride=2,2 %f = add(%d, %e) %g = tanh(%f) "
     "%h = max_pool_2d(%g) kernel=2,2 stride=2,2 output %h"},
    {"rows_pool",
     "%x = input f32[1,38,19,4] %a = depthwise_conv_2d(%x, random(1) f32[1,5,5,4], random(2) f32[4]) pad=2,2,2,2 "
     "%b = conv_2d(%a, random(3) f32[9,2,3,4], random(4) f32[9]) dilation=2,1 pad=1,1,1,1 "
     "%c = average_pool_2d(%b) kernel=3,3 stride=2,2 pad=1,1,1,1 "
     "%d = conv_2d(%c, random(5) f32[24,3,3,9], random(6) f32[24]) pad=1,1,1,1 %y = average_pool_2d(%d) kernel=19,10 "
     "output %y"},
};

inline constexpr SmallModel kSmallModels[] = {
    {"conv",
     "%x = input f32[1,9,7,3] %y = conv_2d(%x, random(1) f32[8,3,3,3], random(2) f32[8]) stride=2,1 pad=1,1,1,1 "
     "act=relu output %y"},
    {"conv_dilated",
     "%x = input f32[1,9,9,2] %y = conv_2d(%x, random(1) f32[5,3,2,2], random(2) f32[5]) dilation=2,2 output %y"},
    {"conv_1x1",
     "%x = input f32[1,5,5,16] %y = conv_2d(%x, random(1) f32[24,1,1,16], random(2) f32[24]) act=relu6 output %y"},
    {"conv_grouped", "%x = input f32[1,6,6,8] %y = conv_2d(%x, random(1) f32[6,3,3,4], random(2) f32[6]) output %y"},
    {"depthwise",
     "%x = input f32[1,9,9,6] %y = depthwise_conv_2d(%x, random(1) f32[1,3,3,6], random(2) f32[6]) stride=2,2 "
     "pad=0,1,0,1 output %y"},
    {"depthwise_multiplier",
     "%x = input f32[1,6,6,3] %y = depthwise_conv_2d(%x, random(1) f32[1,3,3,12]) pad=1,1,1,1 output %y"},
    {"transpose_conv",
     "%x = input f32[1,4,5,3] %y = transpose_conv(%x, random(1) f32[4,3,3,3], random(2) f32[4]) stride=2,2 pad=0,1,0,1 "
     "output %y"},
    {"fully_connected",
     "%x = input f32[1,40] %h = fully_connected(%x, random(1) f32[13,40], random(2) f32[13]) act=relu "
     "%y = fully_connected(%h, random(3) f32[7,13]) output %y"},
    {"batch_matmul", "%x = input f32[1,4,10] %y = batch_matmul(%x, random(1) f32[1,10,6]) output %y"},
    {"add", "%x = input f32[1,4,4,8] %a = relu(%x) %y = add(%x, %a) act=relu output %y"},
    {"add_odd", "%x = input f32[1,3,5,7] %a = relu(%x) %y = add(%x, %a) output %y"},
    {"add_broadcast", "%x = input f32[1,4,4,8] %y = add(%x, random(1) f32[8]) output %y"},
    {"sub", "%x = input f32[1,4,4,8] %a = tanh(%x) %y = sub(%a, %x) output %y"},
    {"mul", "%x = input f32[1,4,4,8] %a = logistic(%x) %y = mul(%x, %a) output %y"},
    {"add_exact",  // what the small kernel of an addition cannot do: sums hundreds of times as fine
     "graph \"add_exact\" quantized %x = input i8[1,4,4,8] quant(0.5:3) %a = quantize(%x) : i8[1,4,4,8] quant(0.5:-7) "
     "%b = reduce_max(%x) axes=[1,2] : i8[1,8] quant(0.5:3) %c = add(%x, %a) : i8[1,4,4,8] quant(0.001:2) "
     "%y = add(%a, %b) : i8[1,4,4,8] quant(0.002:-1) output %c output %y"},
    {"mul_exact",
     "graph \"mul_exact\" quantized %x = input i8[1,4,4,8] quant(0.5:3) %a = quantize(%x) : i8[1,4,4,8] quant(0.25:-7) "
     "%b = reduce_max(%x) axes=[1,2] : i8[1,8] quant(0.5:3) %c = mul(%x, %a) : i8[1,4,4,8] quant(0.2:2) "
     "%y = mul(%a, %b) : i8[1,4,4,8] quant(0.3:-1) output %c output %y"},
    {"mul_broadcast", "%x = input f32[1,4,4,8] %a = mean(%x) axes=[1,2] %y = mul(%x, %a) output %y"},
    {"maximum", "%x = input f32[1,4,4,8] %a = neg(%x) %y = maximum(%x, %a) output %y"},
    {"minimum", "%x = input f32[1,4,4,8] %a = neg(%x) %y = minimum(%x, %a) output %y"},
    {"squared_difference", "%x = input f32[1,4,4,8] %a = abs(%x) %y = squared_difference(%x, %a) output %y"},
    {"average_pool", "%x = input f32[1,9,9,5] %y = average_pool_2d(%x) kernel=3,3 stride=2,2 pad=1,1,1,1 output %y"},
    {"max_pool", "%x = input f32[1,9,9,5] %y = max_pool_2d(%x) kernel=2,3 stride=2,2 pad=0,1,1,1 output %y"},
    {"mean", "%x = input f32[1,5,6,7] %y = mean(%x) axes=[1,2] output %y"},
    {"sum", "%x = input f32[1,5,6,7] %y = sum(%x) axes=[3] keep_dims=true output %y"},
    {"reduce", "%x = input f32[1,5,6,7] %a = reduce_max(%x) axes=[1] %b = reduce_min(%x) axes=[2] output %a output %b"},
    {"softmax", "%x = input f32[3,11] %a = mul(%x, fill(8) f32[1]) %y = softmax(%a) output %y"},
    {"unary",
     "%x = input f32[1,64] %a = abs(%x) %b = square(%a) %c = exp(%b) %d = log(%c) %e = sqrt(%c) %f = rsqrt(%c) %g = "
     "hard_swish(%x) "
     "%h = leaky_relu(%x) alpha=0.2 %i = relu_n1_to_1(%x) %j = relu6(%c) output %d output %e output %f output %g "
     "output %h output %i output %j"},
    {"gelu", "%x = input f32[1,64] %y = gelu(%x) %z = gelu(%x) approximate=true output %y output %z"},
    {"rounding",
     "%x = input f32[1,64] %m = mul(%x, fill(9) f32[1]) %a = floor(%m) %b = ceil(%m) %c = round(%m) %d = sin(%m) %e = "
     "cos(%m) output %a output %b output %c output %d output %e"},
    {"prelu", "%x = input f32[1,4,4,6] %y = prelu(%x, random(1) f32[1,1,6]) output %y"},
    {"pad", "%x = input f32[1,3,4,2] %y = pad(%x) before=[0,1,2,0] after=[0,2,1,1] output %y"},
    {"concatenation",
     "%x = input f32[1,3,4,2] %a = relu(%x) %b = neg(%x) %y = concatenation(%a, %b, %x) axis=3 output %y"},
    {"mirror_pad", "%x = input f32[1,3,4,2] %y = mirror_pad(%x) before=[0,1,2,0] after=[0,2,1,0] output %y"},
    {"gather",
     "%x = input f32[1,5,3] %i = input f32[4] %a = gather(%x) axis=1 indices=[4,0,2] %b = gather(%x, %i) axis=1 output "
     "%a output %b"},
    {"embedding", "%i = input f32[1,6] %y = gather(random(1) f32[9,4], %i) output %y"},
    {"arg_max", "%x = input f32[1,4,4,7] %y = arg_max(%x) axis=3 output %y"},
    {"l2_normalization", "%x = input f32[4,9] %y = l2_normalization(%x) output %y"},
    {"transpose", "%x = input f32[1,3,4,5] %y = transpose(%x) perm=[0,3,1,2] output %y"},
    {"slice",
     "%x = input f32[1,6,7,3] %y = strided_slice(%x) begin=[0,1,6,0] size=[1,2,3,2] stride=[1,2,-2,1] output %y"},
    {"resize",
     "%x = input f32[1,4,5,3] %a = resize_bilinear(%x) size=7,9 half_pixel_centers=true %b = "
     "resize_nearest_neighbor(%x) size=8,3 output %a output %b"},
    {"depth",
     "%x = input f32[1,4,6,4] %a = space_to_depth(%x) block=2 %b = depth_to_space(%x) block=2 output %a output %b"},
};

/// Small enough for an ATmega328P's 2 KB of RAM. The second's filters are longer than the stretches that its kernel
/// sums up in 24 bits.
inline constexpr SmallModel kAvrModels[] = {
    {"avr",
     "%x = input f32[1,8,8,1] %c = conv_2d(%x, random(1) f32[4,3,3,1], random(2) f32[4]) stride=2,2 pad=0,1,0,1 "
     "act=relu %d = depthwise_conv_2d(%c, random(3) f32[1,3,3,4], random(4) f32[4]) pad=1,1,1,1 act=relu "
     "%p = max_pool_2d(%d) kernel=2,2 stride=2,2 %r = reshape(%p) shape=[1,16] "
     "%f = fully_connected(%r, random(5) f32[5,16], random(6) f32[5]) %y = softmax(%f) output %y"},
    {"avr_long", "%x = input f32[1,655] %y = fully_connected(%x, random(1) f32[6,655], random(2) f32[6]) output %y"},
};

}  // namespace tinyc
