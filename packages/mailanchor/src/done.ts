/** Receives the exit status of the command that ran. */
export type Done = (status: number) => void;
