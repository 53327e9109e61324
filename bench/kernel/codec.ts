/** Bench build of the codec: what the store calls, without the store. */
export { checksum } from '../../kernel/codec/checksum';
export { compress, decompress } from '../../kernel/codec/lz4';
