import { ICredentialsHelper, NodeHelpers } from 'n8n-workflow';
import type {
  ICredentialDataDecryptedObject,
  ICredentials,
  ICredentialType,
  IHttpRequestOptions,
  INodeCredentialsDetails,
  INodeProperties,
  IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';

/** Answers from plain data what n8n would read from its database: one set of credentials for each type. */
export class FixedCredentials extends ICredentialsHelper {
  constructor(
    private readonly data: Record<string, ICredentialDataDecryptedObject>,
    private readonly types: ICredentialType[],
  ) {
    super();
  }

  /** The fields of `data`, and the defaults of those it leaves out where the credential type is known. */
  complete(type: string, data: ICredentialDataDecryptedObject): ICredentialDataDecryptedObject {
    const properties = this.getCredentialsProperties(type);
    if (properties.length === 0) return { ...data };
    const values = NodeHelpers.getNodeParameters(properties, data as never, true, false, null, null);
    return values as ICredentialDataDecryptedObject;
  }

  override async getDecrypted(
    _additionalData: IWorkflowExecuteAdditionalData,
    _nodeCredentials: INodeCredentialsDetails,
    type: string,
  ): Promise<ICredentialDataDecryptedObject> {
    const data = this.data[type];
    if (!data) throw new Error(`No credentials of type "${type}" here; pass them to createN8n`);
    return this.complete(type, data);
  }

  override getCredentialsProperties(type: string): INodeProperties[] {
    return this.types.find(({ name }) => name === type)?.properties ?? [];
  }

  override getParentTypes(): string[] {
    return [];
  }

  override isCredentialUsableByNode(): boolean {
    return true;
  }

  override async authenticate(
    _credentials: ICredentialDataDecryptedObject,
    _type: string,
    request: IHttpRequestOptions,
  ): Promise<IHttpRequestOptions> {
    return request;
  }

  override async preAuthentication(): Promise<undefined> {
    return undefined;
  }

  override async runPreAuthentication(): Promise<undefined> {
    return undefined;
  }

  override async getCredentials(): Promise<ICredentials> {
    throw new Error('Encrypted credentials are not kept here; use getDecrypted');
  }

  override async updateCredentials(): Promise<void> {}

  override async updateCredentialsOauthTokenData(): Promise<void> {}
}
