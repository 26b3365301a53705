import type { Address, MessageInput } from '@redqueen/contract';
import type { PublishResult } from '@redqueen/runtime';

/** Something that had its effect on the bus, as nobody in the cluster can see it. */
export type Effect =
  | { readonly kind: 'published'; readonly process: string; readonly id: string; readonly result: PublishResult }
  | {
      readonly kind: 'delivered' | 'acknowledged' | 'terminated';
      readonly process: string;
      readonly address: Address;
      readonly sequence: number;
    }
  | { readonly kind: 'stored'; readonly process: string; readonly bucket: string; readonly key: string; readonly value: Uint8Array };

/** Told of every effect, at the moment at which it has happened on the bus. */
export type Observer = (effect: Effect) => void;

/** How a process gets what must not be lost to the bus: in order, and again until it is confirmed. */
export interface Pipeline {
  publish(message: MessageInput): Promise<PublishResult>;
  /** `act` acknowledges at the bus; doing it again changes nothing. */
  acknowledge(sequence: number, act: () => Promise<void>): Promise<void>;
}
